#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> reduced(const char* how, std::vector<double> cells) {
  return run_node("reduce", {{{"how", Json(how)}}, {}}, {matrix(3, std::move(cells))}).out.f64;
}

TEST(Reduce, AddsFromTheLeft) {
  EXPECT_EQ(reduced("sum", {1e16, 1, -1e16, 1, 2, 3}), (std::vector<double>{0, 6}));
  EXPECT_EQ(reduced("product", {2, 3, 4}), (std::vector<double>{24}));
}

TEST(Reduce, LetsNanWin) {
  EXPECT_EQ(reduced("minimum", {3, 1, 2}), (std::vector<double>{1}));
  EXPECT_EQ(reduced("maximum", {3, 1, 4}), (std::vector<double>{4}));
  EXPECT_TRUE(std::isnan(reduced("maximum", {3, NAN, 4})[0]));
  EXPECT_TRUE(std::isnan(reduced("minimum", {NAN, 1, 4})[0]));
}
}  // namespace
}  // namespace bascule::testing
