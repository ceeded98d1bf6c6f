#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();

NodeSpec line(const std::vector<double>& points, const std::vector<double>& values,
              bool float32 = false) {
  return {{{"float32", Json(float32)}},
          {vector_tensor("points", points), vector_tensor("values", values)}};
}

std::vector<double> at(NodeSpec spec, std::vector<double> x) {
  return run_node("curve", std::move(spec), {numbers(std::move(x))}).out.f64;
}

TEST(Curve, IsFlatBeyondTheEndsAndExactOnPoints) {
  const auto y = at(line({0, 1, 3}, {10, 20, 0}), {-kInf, -1, 0, 0.5, 1, 2, 3, 4, kInf});
  EXPECT_EQ(y, (std::vector<double>{10, 10, 10, 15, 20, 10, 0, 0, 0}));
}

TEST(Curve, TakesTheLastOfEqualPoints) {
  EXPECT_EQ(at(line({0, 1, 1, 2}, {0, 5, 7, 9}), {0.5, 1, 1.5}), (std::vector<double>{2.5, 7, 8}));
}

TEST(Curve, KeepsNaN) {
  EXPECT_TRUE(std::isnan(at(line({0, 1}, {0, 1}), {std::nan("")})[0]));
  EXPECT_TRUE(std::isnan(at(line({0, 1}, {0, 1}, true), {std::nan("")})[0]));
}

TEST(Curve, AnInfiniteEndDoesNotSpreadWhereTheValuesAreEqual) {
  EXPECT_EQ(at(line({-kInf, 1}, {4, 4}), {0})[0], 4);
}

TEST(Curve, RoundsEveryOperationToFloat32) {
  const std::vector<double> points{0, 0.30000001192092896};
  const std::vector<double> values{0.10000000149011612, 0.69999998807907104};
  const double x = 0.20000000298023224;
  const float slope = (0.69999998807907104F - 0.10000000149011612F) / 0.30000001192092896F;
  const float risen = slope * 0.20000000298023224F;
  EXPECT_EQ(at(line(points, values, true), {x})[0],
            static_cast<double>(risen + 0.10000000149011612F));
  EXPECT_NE(at(line(points, values, false), {x})[0], at(line(points, values, true), {x})[0]);
}

TEST(Curve, RefusesPointsThatDoNotAscend) {
  const ValueType one{ValueKind::kF64, 1};
  EXPECT_NE(load_error("curve", line({0, 2, 1}, {0, 1, 2}), {one}), "");
  EXPECT_NE(load_error("curve", line({0, std::nan("")}, {0, 1}), {one}), "");
  EXPECT_NE(load_error("curve", line({0}, {0}), {one}), "");
  EXPECT_NE(load_error("curve", line({0, 1}, {0}), {one}), "");
  EXPECT_NE(load_error("curve", line({0, 1}, {0, 1}), {ValueType{ValueKind::kF64, 2}}), "");
}
}  // namespace
}  // namespace bascule::testing
