#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec platt(std::size_t pairs) {
  return {{},
          {vector_tensor("a", std::vector<double>(pairs, -1)),
           vector_tensor("b", std::vector<double>(pairs, 0))}};
}

TEST(CoupleProbabilities, PairsThatSayNothingGiveEqualShares) {
  const auto run = run_node("couple_probabilities", platt(3), {matrix(3, {0, 0, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1.0 / 3, 1.0 / 3, 1.0 / 3}));
}

// Two classes take libsvm's iteration too, which ends near the sigmoid and not at it.
TEST(CoupleProbabilities, TwoClassesComeNearTheSigmoid) {
  const auto p = run_node("couple_probabilities", platt(1), {numbers({1.5})}).out.f64;
  EXPECT_NEAR(p[0], 1 / (1 + std::exp(-1.5)), 0.005);
  EXPECT_DOUBLE_EQ(p[0] + p[1], 1);
}

TEST(CoupleProbabilities, StaysWithinItsLimitsForAnyDecision) {
  const auto run =
      run_node("couple_probabilities", platt(1), {numbers({1e300, -INFINITY, INFINITY, NAN})});
  for (const double p : run.out.f64) {
    EXPECT_GT(p, 0);
    EXPECT_LT(p, 1);
  }
}

TEST(CoupleProbabilities, RefusesSigmoidsOfAnotherNumber) {
  EXPECT_NE(load_error("couple_probabilities", platt(1), {ValueType{ValueKind::kF64, 3}}), "");
}
}  // namespace
}  // namespace bascule::testing
