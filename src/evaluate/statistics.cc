#include "evaluate/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/assert.h"

namespace bascule {

double normal_two_sided_p(double z) noexcept {
  return std::erfc(std::abs(z) / std::numbers::sqrt2);
}

double student_t_975(double degrees) noexcept {
  BASCULE_ASSERT(degrees >= 10);
  const double x = kNormal975;
  const double x2 = x * x;
  const double g1 = x * (x2 + 1) / 4;
  const double g2 = x * ((5 * x2 + 16) * x2 + 3) / 96;
  const double g3 = x * (((3 * x2 + 19) * x2 + 17) * x2 - 15) / 384;
  const double g4 = x * ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) / 92160;
  const double v = degrees;
  return x + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v;
}

double log_loss(double p, bool positive) noexcept {
  constexpr double kLeast = 1e-15;
  const double clipped = std::clamp(p, kLeast, 1 - kLeast);
  return positive ? -std::log(clipped) : -std::log1p(-clipped);
}

double mcnemar_exact_p(std::uint64_t b, std::uint64_t c) noexcept {
  const std::uint64_t n = b + c;
  BASCULE_ASSERT(n <= 1000);  // beyond it 2^-n and the sum lose their digits
  double term = std::ldexp(1.0, -static_cast<int>(n));  // P(X = 0) of Binomial(n, 1/2)
  double tail = 0;                                      // P(X <= min(b, c))
  for (std::uint64_t k = 0; k <= std::min(b, c); ++k) {
    tail += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return std::min(1.0, 2 * tail);
}

double mcnemar_chi_square_p(double chi_square) noexcept {
  return normal_two_sided_p(std::sqrt(chi_square));  // one degree of freedom
}

McNemar mcnemar(std::uint64_t b, std::uint64_t c) noexcept {
  constexpr std::uint64_t kExactBelow = 25;
  McNemar out;
  const std::uint64_t n = b + c;
  if (b != c) {  // equal counts: the correction must not make a difference out of none
    const double apart = static_cast<double>(std::max(b, c) - std::min(b, c)) - 1;
    out.chi_square = apart * apart / static_cast<double>(n);
  }
  out.exact = n < kExactBelow;
  out.p = out.exact ? mcnemar_exact_p(b, c) : mcnemar_chi_square_p(out.chi_square);
  return out;
}

}  // namespace bascule
