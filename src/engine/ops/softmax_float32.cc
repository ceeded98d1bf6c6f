// softmax_float32: out = exp(x - max) / sum, in float32, with the sum kept in float64.
//
// XGBoost's softmax (its src/common/math.h): float32 exponentials are added from the left in
// float64, the sum is rounded to float32 once, and each exponential is divided by it.

#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class SoftmaxFloat32 final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    return std::make_unique<SoftmaxFloat32>(width);
  }

  explicit SoftmaxFloat32(std::size_t width) : width_(width) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width_, y += width_) {
      float largest = static_cast<float>(x[0]);
      for (std::size_t k = 1; k < width_; ++k) {
        largest = std::fmax(static_cast<float>(x[k]), largest);
      }
      double sum = 0;
      for (std::size_t k = 0; k < width_; ++k) {
        y[k] = static_cast<double>(std::exp(static_cast<float>(x[k]) - largest));
        sum += y[k];
      }
      const auto total = static_cast<float>(sum);
      for (std::size_t k = 0; k < width_; ++k) {
        y[k] = static_cast<double>(static_cast<float>(y[k]) / total);
      }
    }
  }

 private:
  std::size_t width_;
};
}  // namespace

extern const OpDef op_softmax_float32{
    .name = "softmax_float32", .version = 1, .load = SoftmaxFloat32::load};
}  // namespace bascule
