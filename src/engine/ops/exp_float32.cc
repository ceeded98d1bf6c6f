// exp_float32: out = exp(x), in float32.
//
// XGBoost's log link (Poisson, gamma and Tweedie objectives): the C library's expf of a float32
// margin, which overflows to infinity where the exp of float64 does not.

#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class ExpFloat32 final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    return std::make_unique<ExpFloat32>(width);
  }

  explicit ExpFloat32(std::size_t width) : width_(width) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < rows * width_; ++i) {
      y[i] = static_cast<double>(std::exp(static_cast<float>(x[i])));
    }
  }

 private:
  std::size_t width_;
};
}  // namespace

extern const OpDef op_exp_float32{.name = "exp_float32", .version = 1, .load = ExpFloat32::load};
}  // namespace bascule
