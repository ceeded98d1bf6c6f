// linear_float32: weighted sums in float32, from the bias on, in column order; NaN is left out.
//
// As XGBoost's gblinear adds, for which what is missing does not exist.
#include <cmath>

#include "base/limits.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class LinearFloat32 final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto bias, spec.any_floats("bias"));
    if (bias.size() == 0 || bias.size() > limits::kDenseWidth) {
      return spec.error("tensor 'bias' has {} elements, expected 1 to {}", bias.size(),
                        limits::kDenseWidth);
    }
    BASCULE_TRY(const auto weights, spec.any_matrix("weights", bias.size(), width));
    spec.output(ValueType{ValueKind::kF64, bias.size()});
    return std::make_unique<LinearFloat32>(weights, bias, width);
  }

  LinearFloat32(Floats weights, Floats bias, std::size_t width)
      : weights_(weights), bias_(bias), width_(width) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width_) {
      for (std::size_t k = 0; k < bias_.size(); ++k) {
        *y++ = sum(x, k);
      }
    }
  }

 private:
  float sum(const double* x, std::size_t k) const noexcept {
    auto total = static_cast<float>(bias_[k]);
    for (std::size_t col = 0; col < width_; ++col) {
      const auto cell = static_cast<float>(x[col]);
      if (!std::isnan(cell)) {
        const float product = cell * static_cast<float>(weights_[k * width_ + col]);
        total += product;
      }
    }
    return total;
  }

  Floats weights_;  // [outputs, width], borrowed from the package
  Floats bias_;     // [outputs], borrowed from the package
  std::size_t width_;
};
}  // namespace

extern const OpDef op_linear_float32{
    .name = "linear_float32", .version = 1, .load = LinearFloat32::load};
}  // namespace bascule
