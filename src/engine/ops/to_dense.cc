// to_dense: a sparse block as a dense one; what is not stored is 0.
#include <algorithm>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class ToDense final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kCsr));
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<ToDense>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    double* y = out[0].f64();
    std::fill_n(y, rows * width, 0.0);
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      for (auto at = in[0].starts()[row]; at < in[0].starts()[row + 1]; ++at) {
        y[in[0].csr_columns()[at]] = in[0].csr_values()[at];
      }
    }
  }
};
}  // namespace

extern const OpDef op_to_dense{.name = "to_dense", .version = 1, .load = ToDense::load};
}  // namespace bascule
