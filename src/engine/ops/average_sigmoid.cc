// average_sigmoid: the mean of the logistic sigmoid over a normal distribution of its argument,
// from that distribution's mean and variance.
//
// Five error functions (Williams and Barber, Bayesian Classification with Gaussian Processes,
// appendix A), with the numbers and in the order of scikit-learn's
// _BinaryGaussianProcessClassifierLaplace.predict_proba. The terms are a thousand times larger than
// their sum.
#include <array>
#include <cmath>
#include <numbers>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<double, 5> kLambdas{0.41, 0.4, 0.37, 0.44, 0.39};
constexpr std::array<double, 5> kCoefs{-1854.8214151, 3516.89893646, 221.29346712, 128.12323805,
                                       -2010.49422654};

double average(double mean, double variance) noexcept {
  constexpr double kPi = std::numbers::pi;
  const double alpha = 1 / (2 * variance);
  double sum = 0;
  double coefs = 0;
  for (std::size_t i = 0; i < kCoefs.size(); ++i) {
    const double lambda = kLambdas[i];
    const double integral = std::sqrt(kPi / alpha) *
                            std::erf(lambda * mean * std::sqrt(alpha / (alpha + lambda * lambda))) /
                            (2 * std::sqrt(variance * 2 * kPi));
    sum += kCoefs[i] * integral;
    coefs += kCoefs[i];
  }
  return sum + 0.5 * coefs;
}

class AverageSigmoid final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(2));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    BASCULE_CHECK_OK(spec.single(1, ValueKind::kF64));
    spec.output(ValueType{ValueKind::kF64, 1});
    return std::make_unique<AverageSigmoid>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    for (std::size_t row = 0; row < rows; ++row) {
      out[0].f64()[row] = average(in[0].f64()[row], in[1].f64()[row]);
    }
  }
};
}  // namespace

extern const OpDef op_average_sigmoid{
    .name = "average_sigmoid", .version = 1, .load = AverageSigmoid::load};
}  // namespace bascule
