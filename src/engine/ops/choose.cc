// choose: per cell the second input where the first is not 0, else the third, as numpy.where. The
// condition may have a single column, which then speaks for the whole row.
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Choose final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(3));
    BASCULE_TRY(const auto condition, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto width, spec.input(1, ValueKind::kF64));
    BASCULE_TRY(const auto other, spec.input(2, ValueKind::kF64));
    if (other != width || (condition != width && condition != 1)) {
      return spec.error("the inputs have {}, {} and {} columns, expected 1 or {}, {} and {}",
                        condition, width, other, width, width, width);
    }
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<Choose>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const std::size_t step = in[0].width() == width ? 1 : 0;
    const double* condition = in[0].f64();
    const double* yes = in[1].f64();
    const double* no = in[2].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, condition += in[0].width()) {
      for (std::size_t col = 0; col < width; ++col, ++yes, ++no) {
        *y++ = condition[col * step] != 0 ? *yes : *no;
      }
    }
  }
};
}  // namespace

extern const OpDef op_choose{.name = "choose", .version = 1, .load = Choose::load};
}  // namespace bascule
