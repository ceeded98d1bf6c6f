#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Log, IsTheCLibrarys) {
  const auto run = run_node("log", {}, {numbers({1, 0, 10})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0, -INFINITY, std::log(10.0)}));
}

TEST(Log, TakesTheLogarithmOfStoredCellsOnly) {
  const auto run = run_node("log", {}, {sparse(5, {{{0, 1}, {3, 10}}, {}})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{0, std::log(10.0)}));
}
}  // namespace
}  // namespace bascule::testing
