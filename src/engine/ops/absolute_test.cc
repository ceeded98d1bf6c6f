#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Absolute, DropsTheSignOfDenseAndStoredCells) {
  EXPECT_EQ(run_node("absolute", {}, {matrix(2, {-1.5, 2})}).out.f64,
            (std::vector<double>{1.5, 2}));
  const auto run = run_node("absolute", {}, {sparse(9, {{{4, -2}}, {}})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{4}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{2}));
}
}  // namespace
}  // namespace bascule::testing
