#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Take, GivesOtherwiseForACodeWithoutAValue) {
  const NodeSpec spec{{}, {vector_tensor("values", {10, 20}), vector_tensor("otherwise", {-1})}};
  const auto run = run_node("take", spec, {integers({1, 0, -1, 2, std::nullopt})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{20, 10, -1, -1, -1}));
}

TEST(Take, GivesARowOfATable) {
  const NodeSpec spec{
      {}, {matrix_tensor("values", 2, {1, 2, 3, 4}), vector_tensor("otherwise", {-1, -2})}};
  const auto run = run_node("take", spec, {integers({1, -1, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{3, 4, -1, -2, 1, 2}));
}

TEST(Take, RefusesATableThatDoesNotFitTheCodes) {
  const NodeSpec spec{{}, {vector_tensor("values", {10, 20}), vector_tensor("otherwise", {-1})}};
  EXPECT_EQ(load_error("take", spec, {ValueType::codes(-1, 4)}),
            "step 'test -> take' (take): tensor 'values' has the shape [2], expected [5]");
}
}  // namespace
}  // namespace bascule::testing
