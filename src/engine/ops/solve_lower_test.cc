#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(SolveLower, SubstitutesForward) {
  const NodeSpec spec{{}, {vector_tensor("lower", {2, 1, 4})}};
  const auto run = run_node("solve_lower", spec, {matrix(2, {6, 11, 0, 2})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{3, 2, 0, 0.5}));
}

TEST(SolveLower, RefusesAZeroOnTheDiagonalAndAnotherSize) {
  const ValueType two{ValueKind::kF64, 2};
  EXPECT_EQ(
      load_error("solve_lower", {{}, {vector_tensor("lower", {2, 1, 0})}}, {two}),
      "step 'test -> solve_lower' (solve_lower): tensor 'lower' is 0 on its diagonal, in row 1");
  EXPECT_NE(load_error("solve_lower", {{}, {vector_tensor("lower", {2, 1})}}, {two}), "");
}
}  // namespace
}  // namespace bascule::testing
