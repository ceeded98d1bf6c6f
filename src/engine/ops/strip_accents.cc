// strip_accents: a text without its accents, as scikit-learn strips them.
//
// `unicode`: NFKD of the Unicode version that the package names, without what combines. `ascii`:
// only the ASCII characters of that.

#include <array>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/unicode.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 2> kHow = {"unicode", "ascii"};

class StripAccents final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(const auto how, spec.choice("how", kHow));
    BASCULE_TRY(const auto* unicode, load_unicode(spec));
    spec.output(ValueType{ValueKind::kStrings, 1});
    return std::make_unique<StripAccents>(how == 1, *unicode);
  }

  StripAccents(bool ascii, const Unicode& unicode) : ascii_(ascii), unicode_(unicode) {}

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
      if (!refused.refused(row)) {
        y[row] = stripped(in[0].strings()[row], row, refused, scratch);
      }
    }
  }

 private:
  std::string_view stripped(std::string_view text, std::size_t row, RowErrors& refused,
                            Scratch& scratch) const noexcept {
    if (is_ascii(text)) {
      return text;
    }
    char* bytes = scratch.bytes(stripped_bytes(text.size()));
    if (bytes == nullptr) {
      refused.mark(row, RowCode::kNoMemory);
      return {};
    }
    return {bytes, strip_accents(unicode_, text, ascii_, bytes)};
  }

  bool ascii_;
  const Unicode& unicode_;
};
}  // namespace

extern const OpDef op_strip_accents{
    .name = "strip_accents", .version = 1, .load = StripAccents::load};
}  // namespace bascule
