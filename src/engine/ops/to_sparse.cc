// to_sparse: a dense block as a sparse one; zeros are not stored.
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class ToSparse final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    spec.output(ValueType{ValueKind::kCsr, width});
    return std::make_unique<ToSparse>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = in[0].width();
    const double* x = in[0].f64();
    Ragged& cells = out[0].ragged();
    cells.begin();
    for (std::size_t row = 0; row < rows; ++row, x += width) {
      for (std::size_t col = 0; col < width; ++col) {
        if (x[col] == 0 || cells.push_cell(static_cast<std::uint32_t>(col), x[col])) {
          continue;
        }
        refused.mark(row, RowCode::kNoMemory);
        cells.drop_row();
        break;
      }
      cells.end_row();
    }
  }
};
}  // namespace

extern const OpDef op_to_sparse{.name = "to_sparse", .version = 1, .load = ToSparse::load};
}  // namespace bascule
