#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> median_of(std::vector<double> weights, std::vector<double> cells) {
  const std::size_t width = weights.size();
  return run_node("weighted_median", {{}, {vector_tensor("weights", weights)}},
                  {matrix(width, std::move(cells))})
      .out.f64;
}

TEST(WeightedMedian, TakesTheFirstThatReachesHalfOfTheWeights) {
  EXPECT_EQ(median_of({1, 1, 1}, {3, 1, 2, 5, 5, 0}), (std::vector<double>{2, 5}));
  EXPECT_EQ(median_of({1, 1}, {2, 1}), std::vector<double>{1});  // exactly half is enough
  EXPECT_EQ(median_of({5, 1, 1}, {9, 1, 2}), std::vector<double>{9});
  EXPECT_EQ(median_of({0, 0, 1}, {1, 2, 3}), std::vector<double>{3});
}

TEST(WeightedMedian, AddsWeightsInTheOrderOfTheNumbers) {
  // 0.1 + 0.2 + 0.3 is above 0.6, 0.3 + 0.2 + 0.1 is 0.6: the half depends on the order.
  EXPECT_EQ(median_of({0.1, 0.2, 0.3}, {1, 2, 3}), std::vector<double>{2});
  EXPECT_EQ(median_of({0.1, 0.2, 0.3}, {3, 2, 1}), std::vector<double>{1});
}

TEST(WeightedMedian, HasAnAnswerForNaNAndForWeightsThatAreNoNumbers) {
  EXPECT_EQ(median_of({1, 1, 1}, {NAN, 1, 2}), std::vector<double>{2});
  EXPECT_TRUE(std::isnan(median_of({1, 1, 1}, {NAN, NAN, 2})[0]));
  EXPECT_EQ(median_of({NAN, 1, 1}, {3, 2, 1}), std::vector<double>{1});
}

TEST(WeightedMedian, NeedsAWeightForEachColumn) {
  EXPECT_NE(load_error("weighted_median", {{}, {vector_tensor("weights", {1, 2})}},
                       {ValueType{ValueKind::kF64, 3}}),
            "");
}
}  // namespace
}  // namespace bascule::testing
