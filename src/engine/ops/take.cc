// take: the numbers that belong to the row's code; `otherwise` where there is no such code.
#include <algorithm>

#include "engine/codes.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Take final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    BASCULE_TRY(const auto otherwise, spec.floats("otherwise", OpSpec::kAny));
    const std::size_t width = otherwise.size();
    if (width == 0) {
      return spec.error("tensor 'otherwise' is empty, expected one number at least");
    }
    BASCULE_TRY(const auto values, width == 1 ? spec.floats("values", code_count(spec))
                                              : spec.matrix("values", code_count(spec), width));
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<Take>(values, otherwise);
  }

  Take(std::span<const double> values, std::span<const double> otherwise)
      : values_(values), otherwise_(otherwise) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = otherwise_.size();
    const std::size_t count = values_.size() / width;
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      const std::size_t at = table_position(in[0], row, count);
      std::ranges::copy(at < count ? values_.subspan(at * width, width) : otherwise_, y);
    }
  }

 private:
  std::span<const double> values_;     // [codes, width], borrowed from the package
  std::span<const double> otherwise_;  // [width], borrowed from the package
};
}  // namespace

extern const OpDef op_take{.name = "take", .version = 1, .load = Take::load};
}  // namespace bascule
