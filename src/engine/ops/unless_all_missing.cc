// unless_all_missing: the third input; the second in a row whose first is missing in every column.
//
// scikit-learn's IterativeImputer skips its rounds when the whole batch is missing, so that such a
// row's answer in Python depends on the rows beside it. Here a row stands for itself.

#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class UnlessAllMissing final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(3));
    BASCULE_CHECK_OK(spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto width, spec.input(1, ValueKind::kF64));
    BASCULE_TRY(const auto other, spec.input(2, ValueKind::kF64));
    if (other != width) {
      return spec.error("input 2 has {} columns, expected {}", other, width);
    }
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<UnlessAllMissing>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    for (std::size_t row = 0; row < rows; ++row) {
      const double* x = in[0].f64() + row * in[0].width();
      const bool nothing =
          std::all_of(x, x + in[0].width(), [](double cell) { return std::isnan(cell); });
      const double* from = in[nothing ? 1 : 2].f64() + row * width;
      std::copy_n(from, width, out[0].f64() + row * width);
    }
  }
};
}  // namespace

extern const OpDef op_unless_all_missing{
    .name = "unless_all_missing", .version = 1, .load = UnlessAllMissing::load};
}  // namespace bascule
