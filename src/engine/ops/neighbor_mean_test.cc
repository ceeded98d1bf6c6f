#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec mean(std::string weights) {
  return {
      {{"weights", Json(std::move(weights))}},
      {matrix_tensor("values", 2, {1, 10, 3, 30, 8, 80}), vector_tensor("otherwise", {-1, -2})}};
}

TEST(NeighborMean, AveragesEachTarget) {
  EXPECT_EQ(run_node("neighbor_mean", mean("uniform"), {matrix(4, {1, 3, 0, 1})}).out.f64,
            (std::vector<double>{2, 20}));
}

TEST(NeighborMean, WeighsByTheInverseOfTheDistance) {
  const auto run = run_node("neighbor_mean", mean("distance"), {matrix(4, {1, 0.5, 0, 1})});
  EXPECT_EQ(run.out.f64[0], (1 + 3 * 2.0) / 3);
  const auto at = run_node("neighbor_mean", mean("distance"), {matrix(4, {0, 0, 0, 2})});
  EXPECT_EQ(at.out.f64[0], 4.5) << "only those at no distance count";
}

TEST(NeighborMean, GivesARowWithoutNeighboursWhatItIsTold) {
  EXPECT_EQ(run_node("neighbor_mean", mean("uniform"), {sparse(3, {{}, {{2, 1.0}}})}).out.f64,
            (std::vector<double>{-1, -2, 8, 80}));
}

TEST(NeighborMean, RefusesASparseInputOfAnotherWidth) {
  EXPECT_NE(load_error("neighbor_mean", mean("uniform"), {ValueType{ValueKind::kCsr, 4}}), "");
}
}  // namespace
}  // namespace bascule::testing
