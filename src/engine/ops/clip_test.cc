#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Clip, RaisesToLowThenLowersToHighAndKeepsNaN) {
  const NodeSpec spec{{}, {vector_tensor("low", {0, 5}), vector_tensor("high", {1, 2})}};
  const auto run = run_node("clip", spec, {matrix(2, {-3, 3, 7, 3, NAN, 3})});
  EXPECT_EQ(run.out.f64[0], 0);
  EXPECT_EQ(run.out.f64[1], 2) << "low > high: high wins, as in numpy";
  EXPECT_EQ(run.out.f64[2], 1);
  EXPECT_TRUE(std::isnan(run.out.f64[4]));
}
}  // namespace
}  // namespace bascule::testing
