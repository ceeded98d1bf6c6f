// argmax: the position of the first largest column; of the first NaN where there is one, as
// numpy.argmax.
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Argmax final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    spec.output(ValueType::codes(0, static_cast<std::int64_t>(width) - 1));
    return std::make_unique<Argmax>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = in[0].width();
    const double* x = in[0].f64();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row, x += width) {
      std::size_t best = 0;
      for (std::size_t col = 1; col < width && !std::isnan(x[best]); ++col) {
        if (x[col] > x[best] || std::isnan(x[col])) {
          best = col;
        }
      }
      y[row] = static_cast<std::int64_t>(best);
    }
  }
};
}  // namespace

extern const OpDef op_argmax{.name = "argmax", .version = 1, .load = Argmax::load};
}  // namespace bascule
