#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
double log_sum(std::vector<double> row) {
  const std::size_t width = row.size();
  return run_node("log_sum_exp", {}, {matrix(width, std::move(row))}).out.f64[0];
}

TEST(LogSumExp, DoesNotOverflow) {
  EXPECT_DOUBLE_EQ(log_sum({1000, 1000}), 1000 + std::log(2.0));
  EXPECT_DOUBLE_EQ(log_sum({-1000, -1001}), -1000 + std::log1p(std::exp(-1.0)));
}

TEST(LogSumExp, TakesInfinitiesAsNumpyDoes) {
  EXPECT_EQ(log_sum({-INFINITY, -INFINITY}), -INFINITY);
  EXPECT_EQ(log_sum({INFINITY, 0}), INFINITY);
  EXPECT_TRUE(std::isnan(log_sum({NAN, 1})));
}
}  // namespace
}  // namespace bascule::testing
