#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Argmax, GivesTheFirstLargestAndTheFirstNaN) {
  const auto run =
      run_node("argmax", {}, {matrix(3, {1, 3, 3, -1, -2, -1, 5, NAN, 9, NAN, NAN, 9})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{1, 0, 1, 0}));
  EXPECT_EQ(run.out.type, ValueType::codes(0, 2));
}
}  // namespace
}  // namespace bascule::testing
