#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec spline(std::int64_t degree, const std::vector<double>& knots, bool periodic = false) {
  return {{{"degree", Json(degree)}, {"periodic", Json(periodic)}},
          {vector_tensor("knots", knots)}};
}

TEST(Bspline, OfDegreeOneIsAHatAndGoesOnBeyondTheKnots) {
  const auto run = run_node("bspline", spline(1, {-1, 0, 1, 2, 3}), {numbers({0.25, 1, 2, 3, -1})});
  EXPECT_EQ(run.out.f64,
            (std::vector<double>{0.75, 0.25, 0, 0, 1, 0, 0, 0, 1, 0, -1, 2, 2, -1, 0}));
}

TEST(Bspline, OfDegreeZeroTakesTheLastIntervalAtItsEnd) {
  const auto run = run_node("bspline", spline(0, {0, 1, 2}), {numbers({-5, 1, 2})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 0, 0, 1, 0, 1}));
}

TEST(Bspline, ComesRoundWithItsPeriodAndNaNStays) {
  const auto run = run_node("bspline", spline(1, {-1, 0, 1, 2, 3, 4}, true),
                            {numbers({0.25, 3.25, -2.75, NAN})});
  for (const std::size_t row : {1, 2}) {
    for (std::size_t col = 0; col < 3; ++col) {
      EXPECT_EQ(run.out.f64[row * 3 + col], run.out.f64[col]);
    }
  }
  EXPECT_TRUE(std::isnan(run.out.f64[9]));
}

TEST(Bspline, GivesZeroBetweenEqualKnots) {
  const auto run = run_node("bspline", spline(1, {0, 0, 0, 1, 1}), {numbers({0, 1})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0, 1, 0, 0, 0, 1}));
}

TEST(Bspline, MakesAllFunctionsNaNWhereOneIsNotFiniteAndAllAreSummed) {
  auto spec = spline(2, {-2, -1, 0, 1, 2, 3, 4});
  const auto alone = run_node("bspline", spec, {numbers({1e300})});
  EXPECT_EQ(alone.out.f64[0], 0);
  spec.attrs.emplace_back("all_terms", Json(true));
  for (const double y : run_node("bspline", spec, {numbers({1e300})}).out.f64) {
    EXPECT_TRUE(std::isnan(y));
  }
}

TEST(Bspline, RefusesKnotsThatAreTooFewOrDoNotAscend) {
  EXPECT_EQ(load_error("bspline", spline(2, {0, 1, 2}), {ValueType{}}),
            "step 'test -> bspline' (bspline): tensor 'knots' has 3 elements, expected at least 6");
  EXPECT_NE(load_error("bspline", spline(0, {1, 0}), {ValueType{}}), "");
  EXPECT_NE(load_error("bspline", spline(0, {0, NAN}), {ValueType{}}), "");
  EXPECT_NE(load_error("bspline", spline(1, {0, 1, 1, 1}, true), {ValueType{}}), "");
}
}  // namespace
}  // namespace bascule::testing
