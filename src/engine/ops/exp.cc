// exp: out = exp(in), the C library's.
//
// numpy's own SIMD exp differs from it by up to 3 ULP, and between CPUs: tier T1.
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Exp final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    return std::make_unique<Exp>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t cells = rows * out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < cells; ++i) {
      y[i] = std::exp(x[i]);
    }
  }
};
}  // namespace

extern const OpDef op_exp{.name = "exp", .version = 1, .load = Exp::load};
}  // namespace bascule
