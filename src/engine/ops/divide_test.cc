#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Divide, DividesInsteadOfMultiplyingByTheInverse) {
  const auto run = run_node("divide", {{}, {vector_tensor("by", {0.7})}}, {numbers({0.3})});
  EXPECT_EQ(run.out.f64[0], 0.4285714285714286);  // times 1/0.7 it would end in ...2855
}

TEST(Divide, TouchesOnlyTheStoredCellsOfASparseBlock) {
  const auto run = run_node("divide", {{}, {vector_tensor("by", {0.0, 2.0, 4.0})}},
                            {sparse(3, {{{1, 3.0}}, {}, {{0, 1.0}, {2, 1.0}}})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 1, 1, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{1.5, INFINITY, 0.25}));
}

TEST(Divide, RefusesATensorOfAnotherWidth) {
  EXPECT_EQ(
      load_error("divide", {{}, {vector_tensor("by", {1, 2, 3})}}, {ValueType{ValueKind::kF64, 4}}),
      "step 'test -> divide' (divide): tensor 'by' has the shape [3], expected [4]");
}
}  // namespace
}  // namespace bascule::testing
