#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec parts(std::vector<double> gram) {
  return {{{"tolerance", Json(1e-12)}, {"iterations", Json(std::int64_t{500})}},
          {matrix_tensor("gram", 2, std::move(gram))}};
}

TEST(NonNegativeWeights, SolvesWhereNoLimitHolds) {
  const auto w = run_node("non_negative_weights", parts({2, 1, 1, 2}), {matrix(2, {4, 5})}).out;
  EXPECT_NEAR(w.f64[0], 1, 1e-9);
  EXPECT_NEAR(w.f64[1], 2, 1e-9);
}

TEST(NonNegativeWeights, KeepsWhatWouldBeNegativeAtZero) {
  const auto w = run_node("non_negative_weights", parts({2, 1, 1, 2}), {matrix(2, {4, -5})}).out;
  EXPECT_EQ(w.f64, (std::vector<double>{2, 0}));
}

TEST(NonNegativeWeights, AComponentOfZerosGetsNoWeight) {
  const auto w = run_node("non_negative_weights", parts({0, 0, 0, 2}), {matrix(2, {0, 4})}).out;
  EXPECT_EQ(w.f64, (std::vector<double>{0, 2}));
}
}  // namespace
}  // namespace bascule::testing
