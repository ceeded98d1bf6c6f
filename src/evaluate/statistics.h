// Distributions and tests that reports need, without a library.
#pragma once

#include <cstdint>

namespace bascule {

inline constexpr double kNormal975 = 1.959963984540054;  // the normal quantile of 0.975

// P(|Z| >= |z|) for a standard normal Z.
double normal_two_sided_p(double z) noexcept;

// The 0.975 quantile of Student's t, for `degrees` >= 10 (to 1e-6), by the expansion in
// Abramowitz and Stegun 26.7.5.
double student_t_975(double degrees) noexcept;

// -ln of the probability given to what happened, `p` clipped to [1e-15, 1 - 1e-15].
double log_loss(double p, bool positive) noexcept;

// McNemar's test on discordant counts: is one side right more often where just one is right?
struct McNemar {
  double chi_square = 0;  // (|b - c| - 1)^2 / (b + c), with continuity correction
  double p = 1;           // exact below 25 discordant rows, else by chi-square
  bool exact = false;
};
McNemar mcnemar(std::uint64_t b, std::uint64_t c) noexcept;
// Two-sided binomial test of b against c; for b + c of at most 1,000.
double mcnemar_exact_p(std::uint64_t b, std::uint64_t c) noexcept;
double mcnemar_chi_square_p(double chi_square) noexcept;

}  // namespace bascule
