#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> on_line(const std::vector<double>& x, const std::vector<double>& y,
                            std::vector<double> at) {
  const NodeSpec spec{{}, {matrix_tensor("x", x.size(), x), vector_tensor("y", y)}};
  return run_node("interpolate", spec, {numbers(std::move(at))}).out.f64;
}

TEST(Interpolate, IsConstantBeyondTheEndsAndNaNStays) {
  const auto y = on_line({0, 2}, {5, 6}, {-INFINITY, 1, 2, INFINITY, NAN});
  EXPECT_EQ((std::vector<double>{y.begin(), y.end() - 1}), (std::vector<double>{5, 5.5, 6, 6}));
  EXPECT_TRUE(std::isnan(y.back()));
}

TEST(Interpolate, TakesTheLastOfEqualPoints) {
  EXPECT_EQ(on_line({0, 1, 1, 1, 2}, {0, 1, 2, 3, 4}, {1, 0.5}), (std::vector<double>{3, 0.5}));
}

// numpy.interp(0.5, [0, inf], [1, 2]) is 1: the slope is 0; (-inf, 0) is NaN from both ends.
TEST(Interpolate, FallsBackAsNumpyDoesAtInfinity) {
  EXPECT_EQ(on_line({0, INFINITY}, {1, 2}, {0.5})[0], 1);
  EXPECT_EQ(on_line({-INFINITY, 0}, {1, 2}, {-0.5})[0], 2);
  EXPECT_EQ(on_line({-INFINITY, INFINITY}, {3, 3}, {-0.5})[0], 3);
}

TEST(Interpolate, HasItsOwnLineForEachColumn) {
  const NodeSpec spec{{}, {matrix_tensor("x", 2, {0, 1, 0, 10}), vector_tensor("y", {0, 1})}};
  EXPECT_EQ(run_node("interpolate", spec, {matrix(2, {0.5, 5})}).out.f64,
            (std::vector<double>{0.5, 0.5}));
}

TEST(Interpolate, RefusesPointsThatDoNotAscend) {
  const NodeSpec spec{{}, {matrix_tensor("x", 2, {1, 0}), vector_tensor("y", {0, 1})}};
  EXPECT_EQ(load_error("interpolate", spec, {ValueType{}}),
            "step 'test -> interpolate' (interpolate): tensor 'x' does not ascend for column 0");
  const NodeSpec none{{}, {matrix_tensor("x", 2, {NAN, 0}), vector_tensor("y", {0, 1})}};
  EXPECT_NE(load_error("interpolate", none, {ValueType{}}), "");
}
}  // namespace
}  // namespace bascule::testing
