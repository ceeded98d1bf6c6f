#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
const double kNan = std::nan("");

NodeSpec impute(std::int64_t k, std::string weights = "uniform") {
  return {{{"k", Json(k)},
           {"metric", Json(std::string("nan_euclidean"))},
           {"weights", Json(std::move(weights))}},
          {matrix_tensor("points", 2, {0, 10, 1, kNan, 2, 30, 9, 70}),
           vector_tensor("means", {3, 36})}};
}

TEST(ImputeNearest, TakesTheNearestThatHaveTheColumn) {
  const auto run = run_node("impute_nearest", impute(2), {matrix(2, {1, kNan, 1, 5})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 20, 1, 5}));
}

TEST(ImputeNearest, TakesAllWhereThereAreFewer) {
  const auto run = run_node("impute_nearest", impute(50), {matrix(2, {1, kNan})});
  EXPECT_EQ(run.out.f64[1], (10 + 30 + 70) / 3.0);
}

TEST(ImputeNearest, WeighsByTheInverseOfTheDistance) {
  const auto run = run_node("impute_nearest", impute(2, "distance"), {matrix(2, {2, kNan})});
  EXPECT_EQ(run.out.f64[1], 30) << "the row itself, at no distance";
}

TEST(ImputeNearest, GivesTheMeanWhereNoDistanceIsKnown) {
  EXPECT_EQ(run_node("impute_nearest", impute(2), {matrix(2, {kNan, kNan})}).out.f64,
            (std::vector<double>{3, 36}));
}

TEST(ImputeNearest, RefusesAnotherMetric) {
  auto spec = impute(2);
  spec.attrs[1].second = Json(std::string("euclidean"));
  EXPECT_EQ(load_error("impute_nearest", spec, {ValueType{ValueKind::kF64, 2}}),
            "step 'test -> impute_nearest' (impute_nearest): attribute 'metric' must be "
            "'nan_euclidean'");
}
}  // namespace
}  // namespace bascule::testing
