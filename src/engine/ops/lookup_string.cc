// lookup_string: the position of a text among the categories; -1 for an unknown one.
//
// Bytes are compared: no normalisation, no case folding, as in Python.

#include "engine/lookup.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/string_index.h"

namespace bascule {
namespace {
class LookupString final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(const auto categories, spec.strings("categories"));
    auto index = StringIndex::build(categories);
    if (!index) {
      return spec.error("'categories' {}", index.error().message);
    }
    BASCULE_TRY(const auto rules, LookupRules::load(spec, categories.size()));
    return std::make_unique<LookupString>(*std::move(index), rules);
  }

  LookupString(StringIndex index, LookupRules rules) : index_(std::move(index)), rules_(rules) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::string_view* x = in[0].strings();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      if (in[0].is_valid(row)) [[likely]] {
        y[row] = code(x[row], row, refused);
      } else {
        y[row] = filling_ ? code(*filling_, row, refused) : rules_.of_missing(row, refused);
      }
    }
  }

  bool start_with(std::string_view filling) override {
    filling_ = filling;
    return true;
  }

 private:
  std::int64_t code(std::string_view text, std::size_t row, RowErrors& refused) const noexcept {
    const std::int32_t found = index_.find(text);
    return found >= 0 ? found : rules_.of_unknown(row, refused);
  }

  StringIndex index_;
  LookupRules rules_;
  std::optional<std::string_view> filling_;  // looked up for a missing text
};
}  // namespace

extern const OpDef op_lookup_string{
    .name = "lookup_string", .version = 1, .load = LookupString::load};
}  // namespace bascule
