#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec between(double low, double high, bool open) {
  return {{{"open", Json(open)}}, {vector_tensor("low", {low}), vector_tensor("high", {high})}};
}

TEST(CheckRange, KeepsItsEndsUnlessItIsOpen) {
  const auto cells = numbers({-1, 0, 1, 2, 3, NAN});
  const auto closed = run_node("check_range", between(0, 2, false), {cells});
  const auto open = run_node("check_range", between(0, 2, true), {cells});
  const std::vector<bool> outside{true, false, false, false, true, false};
  const std::vector<bool> outside_open{true, true, false, true, true, false};
  for (std::size_t row = 0; row < cells.rows; ++row) {
    EXPECT_EQ(closed.refused.refused(row), outside[row]) << row;
    EXPECT_EQ(open.refused.refused(row), outside_open[row]) << row;
  }
  EXPECT_EQ(closed.refused[0].code, RowCode::kOutOfRange);
  EXPECT_EQ(closed.out.f64[2], 1) << "it gives its input";
}

TEST(CheckRange, LooksAtTheStoredCellsOfASparseBlock) {
  const NodeSpec spec{{}, {vector_tensor("low", {1, 1}), vector_tensor("high", {INFINITY, 5})}};
  const auto run = run_node("check_range", spec, {sparse(2, {{{0, 9}}, {{1, 9}}, {}})});
  EXPECT_FALSE(run.refused.refused(0));
  EXPECT_TRUE(run.refused.refused(1));
  EXPECT_FALSE(run.refused.refused(2)) << "an absent cell is not looked at";
}
}  // namespace
}  // namespace bascule::testing
