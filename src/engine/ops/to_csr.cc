// to_csr: a dense block as a sparse one without its zeros, as scipy.sparse.csr_matrix of an array.
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class ToCsr final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    spec.output(ValueType{ValueKind::kCsr, width});
    return std::make_unique<ToCsr>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = in[0].width();
    const double* x = in[0].f64();
    Ragged& y = out[0].ragged();
    y.begin();
    for (std::size_t row = 0; row < rows; ++row, x += width) {
      for (std::size_t col = 0; col < width; ++col) {
        if (x[col] != 0 && !y.push_cell(static_cast<std::uint32_t>(col), x[col])) {
          refused.mark(row, RowCode::kTooLong);
          y.drop_row();
          break;
        }
      }
      y.end_row();
    }
  }
};
}  // namespace

extern const OpDef op_to_csr{.name = "to_csr", .version = 1, .load = ToCsr::load};
}  // namespace bascule
