// sigmoid: out = 1 / (1 + exp(-in)), with the C library's exp.
//
// Exactly what scipy.special.expit does for float64, so binary models keep their bits.
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Sigmoid final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    return std::make_unique<Sigmoid>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t cells = rows * out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < cells; ++i) {
      y[i] = 1.0 / (1.0 + std::exp(-x[i]));
    }
  }
};
}  // namespace

extern const OpDef op_sigmoid{.name = "sigmoid", .version = 1, .load = Sigmoid::load};
}  // namespace bascule
