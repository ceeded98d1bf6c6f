// sigmoid_float32: out = 1 / (exp(min(-x, 88.7)) + 1), every step in float32.
//
// XGBoost's logistic link (its src/common/math.h, Sigmoid), with the C library's expf as there.
// The bound keeps expf finite; the same steps in float64, rounded at the end, give other last bits.

#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr float kLargestExponent = 88.7F;

class SigmoidFloat32 final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    return std::make_unique<SigmoidFloat32>(width);
  }

  explicit SigmoidFloat32(std::size_t width) : width_(width) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < rows * width_; ++i) {
      const float exponent = std::fmin(-static_cast<float>(x[i]), kLargestExponent);
      y[i] = static_cast<double>(1.0F / (std::exp(exponent) + 1.0F));
    }
  }

 private:
  std::size_t width_;
};
}  // namespace

extern const OpDef op_sigmoid_float32{
    .name = "sigmoid_float32", .version = 1, .load = SigmoidFloat32::load};
}  // namespace bascule
