#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec by(std::string metric, std::size_t width, const std::vector<double>& points) {
  return {{{"metric", Json(std::move(metric))}}, {matrix_tensor("points", width, points)}};
}

TEST(Distances, TakesEuclidByDifferencesOrByProducts) {
  const double far = 1e8;
  const auto exact = run_node("distances", by("euclidean", 1, {far + 1}), {numbers({far})});
  EXPECT_EQ(exact.out.f64[0], 1);
  const auto rounded = run_node("distances", by("dot_euclidean", 1, {far + 1}), {numbers({far})});
  EXPECT_EQ(rounded.out.f64[0], 0) << "|x|^2 - 2 x.y + |y|^2 loses it, as scikit-learn does";
}

TEST(Distances, LeavesOutTheRootWhenReduced) {
  auto spec = by("dot_euclidean", 2, {3, 4, 0, 0});
  spec.attrs.emplace_back("reduced", Json(true));
  EXPECT_EQ(run_node("distances", spec, {matrix(2, {0, 0})}).out.f64, (std::vector<double>{25, 0}));
}

TEST(Distances, FusesEachProductOfADotWithItsAddition) {
  const double x = 1 + 0x1p-30;
  auto spec = by("dot_euclidean", 2, {0, 0});
  spec.attrs.emplace_back("reduced", Json(true));
  const auto run = run_node("distances", spec, {matrix(2, {x, x})});
  EXPECT_EQ(run.out.f64[0], std::fma(x, x, x * x)) << "as BLAS does";
}

TEST(Distances, ScalesWhatBothHaveUpToAllColumns) {
  const double nan = std::nan("");
  const auto run = run_node("distances", by("nan_euclidean", 3, {3, 0, nan, nan, nan, 1}),
                            {matrix(3, {0, nan, 5})});
  EXPECT_EQ(run.out.f64[0], std::sqrt(27.0));
  EXPECT_EQ(run.out.f64[1], std::sqrt(48.0));
  const auto none = run_node("distances", by("nan_euclidean", 1, {nan}), {numbers({1})});
  EXPECT_TRUE(std::isnan(none.out.f64[0])) << "they share no column";
}

TEST(Distances, KnowsWhatScikitLearnKnows) {
  const auto distance = [](std::string metric) {
    return run_node("distances", by(std::move(metric), 2, {1, -3}), {matrix(2, {2, 0})}).out.f64[0];
  };
  EXPECT_EQ(distance("manhattan"), 4);
  EXPECT_EQ(distance("chebyshev"), 3);
  EXPECT_EQ(distance("hamming"), 1);
  EXPECT_EQ(distance("canberra"), 1.0 / 3 + 1);
  EXPECT_EQ(distance("braycurtis"), 4.0 / 6);
  EXPECT_EQ(distance("jaccard"), 0.5);
  EXPECT_EQ(distance("dice"), 1.0 / 3);
}

TEST(Distances, GivesAZeroRowTheCosineDistanceOne) {
  EXPECT_EQ(run_node("distances", by("cosine", 2, {1, 0}), {matrix(2, {0, 0})}).out.f64[0], 1);
}

TEST(Distances, RefusesWhatItCannotMeasure) {
  const std::vector<ValueType> two{ValueType{ValueKind::kF64, 2}};
  EXPECT_EQ(load_error("distances", by("euclidean", 3, {1, 2, 3}), two),
            "step 'test -> distances' (distances): tensor 'points' has the shape [1, 3], expected "
            "[any, 2]");
  EXPECT_EQ(load_error("distances", by("euclidean", 2, {}), two),
            "step 'test -> distances' (distances): tensor 'points' is empty, expected one point at "
            "least");
  EXPECT_NE(load_error("distances", by("yule", 2, {1, 2}), two), "");
  auto power = by("minkowski", 2, {1, 2});
  power.attrs.emplace_back("p", Json(-1.0));
  EXPECT_EQ(load_error("distances", power, two),
            "step 'test -> distances' (distances): attribute 'p' is -1, expected more than 0");
  EXPECT_NE(load_error("distances", by("haversine", 1, {1}), {ValueType{}}), "");
}
}  // namespace
}  // namespace bascule::testing
