#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
double average(double mean, double variance) {
  return run_node("average_sigmoid", {}, {numbers({mean}), numbers({variance})}).out.f64[0];
}

TEST(AverageSigmoid, IsTheSigmoidWhereNothingVaries) {
  EXPECT_NEAR(average(1, 1e-9), 1 / (1 + std::exp(-1.0)), 1e-3);
  EXPECT_NEAR(average(0, 2), 0.5, 1e-8);
}

TEST(AverageSigmoid, ComesNearerToAHalfTheMoreVaries) {
  EXPECT_LT(average(2, 9), average(2, 1));
}

TEST(AverageSigmoid, OfANegativeVarianceIsNoNumber) {
  EXPECT_TRUE(std::isnan(average(1, -1)));
}
}  // namespace
}  // namespace bascule::testing
