// normal_quantile: the number that a standard normal one stays below with probability `in`.
//
// Wichura, Algorithm AS 241, Applied Statistics 37 (1988), routine PPND16: about one part in 1e16.
// scipy.special.ndtri is another approximation of that accuracy: tier T1.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
// Coefficients from the highest power down: of the middle, of the tails, and of the far tails.
constexpr std::array kMiddleAbove{2.5090809287301226727e+3, 3.3430575583588128105e+4,
                                  6.7265770927008700853e+4, 4.5921953931549871457e+4,
                                  1.3731693765509461125e+4, 1.9715909503065514427e+3,
                                  1.3314166789178437745e+2, 3.3871328727963666080e+0};
constexpr std::array kMiddleBelow{5.2264952788528545610e+3, 2.8729085735721942674e+4,
                                  3.9307895800092710610e+4, 2.1213794301586595867e+4,
                                  5.3941960214247511077e+3, 6.8718700749205790830e+2,
                                  4.2313330701600911252e+1, 1.0};
constexpr std::array kTailAbove{7.74545014278341407640e-4, 2.27238449892691845833e-2,
                                2.41780725177450611770e-1, 1.27045825245236838258e+0,
                                3.64784832476320460504e+0, 5.76949722146069140550e+0,
                                4.63033784615654529590e+0, 1.42343711074968357734e+0};
constexpr std::array kTailBelow{1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                6.89767334985100004550e-1, 1.67638483018380384940e+0,
                                2.05319162663775882187e+0, 1.0};
constexpr std::array kFarAbove{2.01033439929228813265e-7, 2.71155556874348757815e-5,
                               1.24266094738807843860e-3, 2.65321895265761230930e-2,
                               2.96560571828504891230e-1, 1.78482653991729133580e+0,
                               5.46378491116411436990e+0, 6.65790464350110377720e+0};
constexpr std::array kFarBelow{2.04426310338993978564e-15, 1.42151175831644588870e-7,
                               1.84631831751005468180e-5,  7.86869131145613259100e-4,
                               1.48753612908506148525e-2,  1.36929880922735805310e-1,
                               5.99832206555887937690e-1,  1.0};

constexpr double kMiddle = 0.425;  // |p - 1/2| at most
constexpr double kFar = 5;         // sqrt(-log(p)) beyond

double polynomial(const std::array<double, 8>& coefficients, double x) noexcept {
  double sum = coefficients[0];
  for (std::size_t i = 1; i < coefficients.size(); ++i) {
    sum = sum * x + coefficients[i];
  }
  return sum;
}

double quantile(double p) noexcept {
  if (!(p > 0 && p < 1)) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return p == 0 ? -kInfinity : p == 1 ? kInfinity : std::numeric_limits<double>::quiet_NaN();
  }
  const double q = p - 0.5;
  if (std::fabs(q) <= kMiddle) {
    const double r = 0.180625 - q * q;  // kMiddle squared
    return q * polynomial(kMiddleAbove, r) / polynomial(kMiddleBelow, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double tail = r <= kFar ? polynomial(kTailAbove, r - 1.6) / polynomial(kTailBelow, r - 1.6)
                                : polynomial(kFarAbove, r - kFar) / polynomial(kFarBelow, r - kFar);
  return q < 0 ? -tail : tail;
}

class NormalQuantile final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    return std::make_unique<NormalQuantile>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    std::transform(x, x + rows * out[0].width(), out[0].f64(), quantile);
  }
};
}  // namespace

extern const OpDef op_normal_quantile{
    .name = "normal_quantile", .version = 1, .load = NormalQuantile::load};
}  // namespace bascule
