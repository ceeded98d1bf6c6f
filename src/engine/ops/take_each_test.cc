#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(TakeEach, GivesNaNOutsideTheTable) {
  const NodeSpec spec{{}, {vector_tensor("values", {5, 6})}};
  const auto run = run_node("take_each", spec,
                            {
                                matrix(3, {1, 0, 2}),
                            });
  EXPECT_EQ(run.out.f64[0], 6);
  EXPECT_EQ(run.out.f64[1], 5);
  EXPECT_TRUE(std::isnan(run.out.f64[2]));
  const auto odd = run_node("take_each", spec, {matrix(3, {-1, std::nan(""), 1e300})});
  EXPECT_TRUE(std::isnan(odd.out.f64[0]) && std::isnan(odd.out.f64[1]) &&
              std::isnan(odd.out.f64[2]));
}
}  // namespace
}  // namespace bascule::testing
