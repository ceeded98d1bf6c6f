#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(ToDenseMissing, WritesNaNWhereNothingIsStoredAndKeepsAStoredZero) {
  const auto run = run_node("to_dense_missing", {}, {sparse(3, {{{1, 5}}, {{2, 0}}})});
  ASSERT_EQ(run.out.f64.size(), 6);
  for (const std::size_t absent : {0, 2, 3, 4}) {
    EXPECT_TRUE(std::isnan(run.out.f64[absent]));
  }
  EXPECT_EQ(run.out.f64[1], 5);
  EXPECT_EQ(run.out.f64[5], 0);
}
}  // namespace
}  // namespace bascule::testing
