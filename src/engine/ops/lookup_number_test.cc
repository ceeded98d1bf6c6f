#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(LookupNumber, FindsTheEqualNumber) {
  const NodeSpec spec{{{"missing", Json(std::int64_t{3})}},
                      {vector_tensor("categories", {5, -1.5, 0})}};
  const auto run = run_node("lookup_number", spec, {numbers({-1.5, 5, -0.0, 4, NAN, INFINITY})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{1, 0, 2, -1, 3, -1}));
}

TEST(LookupNumber, RefusesNaNAndDoublesAmongTheCategories) {
  EXPECT_EQ(
      load_error("lookup_number", {{}, {vector_tensor("categories", {1, NAN})}}, {ValueType{}}),
      "step 'test -> lookup_number' (lookup_number): tensor 'categories' is NaN at position "
      "1; 'missing' says what NaN is");
  EXPECT_EQ(
      load_error("lookup_number", {{}, {vector_tensor("categories", {0, 1, -0.0})}}, {ValueType{}}),
      "step 'test -> lookup_number' (lookup_number): tensor 'categories' has 0 twice");
}
}  // namespace
}  // namespace bascule::testing
