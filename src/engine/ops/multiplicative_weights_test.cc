#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Two components over three columns, [columns, components].
NodeSpec updates(double beta, std::int64_t iterations, double tolerance = 0, double l2 = 0) {
  NodeSpec spec{{{"beta", Json(beta)},
                 {"power", Json(1.0)},
                 {"l1", Json(0.0)},
                 {"l2", Json(l2)},
                 {"tolerance", Json(tolerance)},
                 {"iterations", Json(iterations)}},
                {matrix_tensor("components", 2, {1, 0, 0, 1, 1, 1})}};
  if (beta == 2) {
    spec.tensors.push_back(matrix_tensor("gram", 2, {2, 1, 1, 2}));
  }
  return spec;
}

TEST(MultiplicativeWeights, StartsFromTheMeanOfTheRow) {
  const auto w = run_node("multiplicative_weights", updates(1, 0), {matrix(3, {1, 2, 9})}).out.f64;
  EXPECT_EQ(w, (std::vector<double>{std::sqrt(2.0), std::sqrt(2.0)}));
}

TEST(MultiplicativeWeights, FindsTheWeightsThatMakeTheRow) {
  for (const double beta : {0.0, 0.5, 1.0, 2.0}) {
    const auto w =
        run_node("multiplicative_weights", updates(beta, 2'000), {matrix(3, {2, 3, 5})}).out.f64;
    EXPECT_NEAR(w[0], 2, 1e-9) << beta;
    EXPECT_NEAR(w[1], 3, 1e-9) << beta;
  }
}

TEST(MultiplicativeWeights, StopsWhenARoundMovesTheWeightsLittle) {
  const Cells row = matrix(3, {2, 3, 5});
  const auto one = run_node("multiplicative_weights", updates(2, 1), {row}).out.f64;
  EXPECT_EQ(run_node("multiplicative_weights", updates(2, 50, 10.0), {row}).out.f64, one);
  EXPECT_NE(run_node("multiplicative_weights", updates(2, 50, 1e-9), {row}).out.f64, one);
}

TEST(MultiplicativeWeights, ShrinksWithAPenaltyAndKeepsARowOfZerosAtZero) {
  const Cells rows = matrix(3, {2, 3, 5, 0, 0, 0});
  const auto free = run_node("multiplicative_weights", updates(2, 300), {rows}).out.f64;
  const auto bound = run_node("multiplicative_weights", updates(2, 300, 0, 3), {rows}).out.f64;
  EXPECT_LT(bound[0], free[0]);
  EXPECT_EQ(bound[2], 0);
  EXPECT_EQ(bound[3], 0);
}

TEST(MultiplicativeWeights, AnswersSparseRowsAsDenseOnes) {
  for (const double beta : {0.5, 1.0, 2.0}) {
    const auto dense = run_node("multiplicative_weights", updates(beta, 9), {matrix(3, {2, 0, 1})});
    const auto csr =
        run_node("multiplicative_weights", updates(beta, 9), {sparse(3, {{{0, 2}, {2, 1}}})});
    EXPECT_EQ(csr.out.f64, dense.out.f64) << beta;
  }
}

TEST(MultiplicativeWeights, RefusesARowWhoseMeanIsNegative) {
  const auto run =
      run_node("multiplicative_weights", updates(2, 3), {matrix(3, {-9, 1, 1, 2, 3, 5})});
  EXPECT_EQ(run.refused[0].code, RowCode::kOutOfRange);
  EXPECT_FALSE(run.refused.refused(1));
}

TEST(MultiplicativeWeights, RefusesShapesThatDoNotFit) {
  EXPECT_NE(load_error("multiplicative_weights", updates(1, 1), {ValueType{ValueKind::kF64, 2}}),
            "");
  NodeSpec without = updates(1, 1);
  without.attrs[0].second = Json(2.0);
  EXPECT_NE(load_error("multiplicative_weights", without, {ValueType{ValueKind::kF64, 3}}), "");
}
}  // namespace
}  // namespace bascule::testing
