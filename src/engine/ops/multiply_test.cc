#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Multiply, MultipliesPerColumn) {
  const auto run = run_node("multiply", {{}, {vector_tensor("by", {3, 2})}}, {matrix(2, {0.1, 1})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.30000000000000004, 2}));
}

TEST(Multiply, TouchesOnlyTheStoredCellsOfASparseBlock) {
  const auto run = run_node("multiply", {{}, {vector_tensor("by", {NAN, 2})}},
                            {sparse(2, {{{1, 3}}, {{1, 0}}})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 1}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{6, 0}));
}
}  // namespace
}  // namespace bascule::testing
