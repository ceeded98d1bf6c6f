#include "engine/kernel_function.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

namespace bascule {
namespace {
constexpr std::array<std::string_view, 10> kNames{
    "identity", "exponential", "gaussian",   "power",    "repeated",
    "tanh",     "matern_1_5",  "matern_2_5", "rational", "periodic"};
constexpr std::int64_t kMostDegree = 1'000'000;

// base ^ times, in libsvm's order (powi in svm.cpp).
double repeated_squares(double base, std::int64_t times) noexcept {
  double result = 1.0;
  for (; times > 0; times /= 2) {
    if (times % 2 == 1) {
      result *= base;
    }
    base = base * base;
  }
  return result;
}

template <typename F>
void each(double* d, std::size_t count, F f) noexcept {
  std::transform(d, d + count, d, f);
}
}  // namespace

Result<KernelFunction> KernelFunction::load(OpSpec& spec) {
  BASCULE_TRY(const auto kind, spec.choice("function", kNames));
  KernelFunction made;
  made.kind_ = static_cast<Kind>(kind);
  switch (made.kind_) {
    case Kind::kIdentity:
    case Kind::kGaussian:
    case Kind::kMatern15:
    case Kind::kMatern25:
      return made;
    case Kind::kRepeated: {
      BASCULE_TRY(const auto degree, spec.integer("degree", 0, kMostDegree));
      made.degree_ = static_cast<double>(degree);
      break;
    }
    case Kind::kPower:
    case Kind::kRational: {
      BASCULE_TRY(made.degree_, spec.number("degree"));
      break;
    }
    default:
      break;
  }
  BASCULE_TRY(made.scale_, spec.number("scale"));
  if (made.kind_ != Kind::kExponential && made.kind_ != Kind::kRational) {
    BASCULE_TRY(made.shift_, spec.number(made.kind_ == Kind::kPeriodic ? "length" : "shift"));
  }
  return made;
}

void KernelFunction::apply(double* d, std::size_t count) const noexcept {
  const double scale = scale_;
  const double shift = shift_;
  const double degree = degree_;
  switch (kind_) {
    case Kind::kIdentity:
      return;
    case Kind::kExponential:
      return each(d, count, [=](double x) noexcept { return std::exp(x * scale); });
    case Kind::kGaussian:
      return each(d, count, [](double x) noexcept { return std::exp(-(x * x) / 2.0); });
    case Kind::kPower:
      return each(d, count, [=](double x) noexcept { return std::pow(x * scale + shift, degree); });
    case Kind::kRepeated:
      return each(d, count, [=](double x) noexcept {
        return repeated_squares(x * scale + shift, static_cast<std::int64_t>(degree));
      });
    case Kind::kTanh:
      return each(d, count, [=](double x) noexcept { return std::tanh(x * scale + shift); });
    case Kind::kMatern15:
      return each(d, count, [](double x) noexcept {
        const double k = x * std::numbers::sqrt3;
        return (1.0 + k) * std::exp(-k);
      });
    case Kind::kMatern25:
      return each(d, count, [](double x) noexcept {
        const double k = x * 2.23606797749979;  // math.sqrt(5)
        return (1.0 + k + k * k / 3.0) * std::exp(-k);
      });
    case Kind::kRational:
      return each(d, count, [=](double x) noexcept { return std::pow(1 + x / scale, degree); });
    case Kind::kPeriodic:
      return each(d, count, [=](double x) noexcept {
        const double wave = std::sin(scale * x) / shift;
        return std::exp(-2 * (wave * wave));
      });
  }
}

}  // namespace bascule
