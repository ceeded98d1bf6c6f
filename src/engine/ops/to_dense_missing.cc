// to_dense_missing: a sparse block as a dense one; what is not stored is NaN.
//
// How XGBoost reads a sparse matrix: an absent cell is a missing value, a stored zero is a zero.
#include <algorithm>
#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class ToDenseMissing final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kCsr));
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<ToDenseMissing>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    double* y = out[0].f64();
    std::fill_n(y, rows * width, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      for (auto at = in[0].starts()[row]; at < in[0].starts()[row + 1]; ++at) {
        y[in[0].csr_columns()[at]] = in[0].csr_values()[at];
      }
    }
  }
};
}  // namespace

extern const OpDef op_to_dense_missing{
    .name = "to_dense_missing", .version = 1, .load = ToDenseMissing::load};
}  // namespace bascule
