#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(RoundFloat32, GoesThroughFloat32) {
  const auto run = run_node("round_float32", {}, {numbers({0.1, 16777217, 1e300, NAN})});
  EXPECT_EQ(run.out.f64[0], 0.10000000149011612);
  EXPECT_EQ(run.out.f64[1], 16777216);
  EXPECT_EQ(run.out.f64[2], INFINITY);
  EXPECT_TRUE(std::isnan(run.out.f64[3]));
}
}  // namespace
}  // namespace bascule::testing
