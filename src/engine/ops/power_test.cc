#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> power(double exponent) {
  const NodeSpec spec{{{"exponent", Json(exponent)}}, {}};
  return run_node("power", spec, {numbers({3, -2, 0, NAN})}).out.f64;
}

TEST(Power, RaisesEachCell) {
  EXPECT_EQ(power(2)[1], 4);
  EXPECT_EQ(power(3)[1], -8);
  EXPECT_TRUE(std::isnan(power(0.5)[1]));
  EXPECT_EQ(power(-1)[2], INFINITY);
  EXPECT_TRUE(std::isnan(power(2)[3]));
}
}  // namespace
}  // namespace bascule::testing
