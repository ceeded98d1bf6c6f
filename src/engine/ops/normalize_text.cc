// normalize_text: Python's str.lower, of the Unicode version that the package names.

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/unicode.h"

namespace bascule {
namespace {
class NormalizeText final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(const auto lowercase, spec.boolean("lowercase", false));
    BASCULE_TRY(const auto* unicode, load_unicode(spec));
    spec.output(ValueType{ValueKind::kStrings, 1});
    return std::make_unique<NormalizeText>(lowercase, *unicode);
  }

  NormalizeText(bool lowercase, const Unicode& unicode)
      : lowercase_(lowercase), unicode_(unicode) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    std::string_view* y = out[0].strings();
    for (std::size_t row = 0; row < rows; ++row) {
      y[row] = {};
      if (!in[0].is_valid(row)) {
        out[0].valid()[row] = 0;
        continue;
      }
      // A refused text may be of any size: it is not read.
      if (refused.refused(row)) {
        continue;
      }
      y[row] = normalized(in[0].strings()[row], row, refused, scratch);
    }
  }

 private:
  // The text itself where nothing changes, else new bytes of the scratch.
  std::string_view normalized(std::string_view text, std::size_t row, RowErrors& refused,
                              Scratch& scratch) const noexcept {
    if (!lowercase_ || !may_change_in_lower(text)) {
      return text;
    }
    char* bytes = scratch.bytes(lower_bytes(text.size()));
    if (bytes == nullptr) {
      refused.mark(row, RowCode::kNoMemory);
      return {};
    }
    return {bytes, lower(unicode_, text, bytes)};
  }

  bool lowercase_;
  const Unicode& unicode_;
};
}  // namespace

extern const OpDef op_normalize_text{
    .name = "normalize_text", .version = 1, .load = NormalizeText::load};
}  // namespace bascule
