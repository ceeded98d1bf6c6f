#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Of scipy.special.ndtri, at the middle, in a tail and in a far tail.
TEST(NormalQuantile, IsKnownAtSomePoints) {
  const std::vector<double> p{0.5, 0.975, 1e-7, 1e-300, 0.075};
  const auto z = run_node("normal_quantile", {}, {numbers(p)}).out.f64;
  EXPECT_EQ(z[0], 0);
  EXPECT_NEAR(z[1], 1.959963984540054, 1e-15);
  EXPECT_NEAR(z[2], -5.199337582192816, 4e-15);
  EXPECT_NEAR(z[3], -37.0470962993612, 3e-14);
  EXPECT_NEAR(z[4], -1.4395314709384563, 1e-15);
}

TEST(NormalQuantile, IsInfiniteAtTheEndsAndNaNBeyond) {
  const auto z = run_node("normal_quantile", {}, {numbers({0, 1, -0.1, 1.1, NAN})}).out.f64;
  EXPECT_EQ(z[0], -INFINITY);
  EXPECT_EQ(z[1], INFINITY);
  EXPECT_TRUE(std::isnan(z[2]) && std::isnan(z[3]) && std::isnan(z[4]));
}
}  // namespace
}  // namespace bascule::testing
