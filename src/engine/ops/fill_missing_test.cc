#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(FillMissing, ReplacesNaNAndNothingElse) {
  const NodeSpec spec{{}, {vector_tensor("value", {7, NAN})}};
  const auto run = run_node("fill_missing", spec, {matrix(2, {NAN, NAN, INFINITY, -0.0})});
  EXPECT_EQ(run.out.f64[0], 7);
  EXPECT_TRUE(std::isnan(run.out.f64[1])) << "the value itself may be NaN";
  EXPECT_EQ(run.out.f64[2], INFINITY);
  EXPECT_TRUE(std::signbit(run.out.f64[3]));
}
}  // namespace
}  // namespace bascule::testing
