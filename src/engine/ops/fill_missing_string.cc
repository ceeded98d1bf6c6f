// fill_missing_string: a missing text becomes `value`.

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class FillMissingString final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(const auto value, spec.text("value"));
    spec.output(ValueType{ValueKind::kStrings, 1});
    return std::make_unique<FillMissingString>(value);
  }

  explicit FillMissingString(std::string_view value) : value_(value) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::string_view* x = in[0].strings();
    std::string_view* y = out[0].strings();
    for (std::size_t row = 0; row < rows; ++row) {
      y[row] = in[0].is_valid(row) ? x[row] : value_;
    }
  }

  std::optional<std::string_view> filling() const noexcept override { return value_; }

 private:
  std::string_view value_;  // borrowed from the manifest, which the plan holds
};
}  // namespace

extern const OpDef op_fill_missing_string{
    .name = "fill_missing_string", .version = 1, .load = FillMissingString::load};
}  // namespace bascule
