#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec pursuit(std::int64_t most, std::vector<double> gram) {
  return {{{"most", Json(most)}}, {matrix_tensor("gram", 2, std::move(gram))}};
}

TEST(MatchingPursuit, TakesTheBestAtomFirst) {
  const auto one = run_node("matching_pursuit", pursuit(1, {1, 0.5, 0.5, 1}), {matrix(2, {1, -3})});
  EXPECT_EQ(one.out.f64, (std::vector<double>{0, -3}));
}

TEST(MatchingPursuit, SolvesForAllThatItTook) {
  const auto two = run_node("matching_pursuit", pursuit(2, {1, 0.5, 0.5, 1}), {matrix(2, {0, 3})});
  EXPECT_DOUBLE_EQ(two.out.f64[0], -2);
  EXPECT_DOUBLE_EQ(two.out.f64[1], 4);
}

TEST(MatchingPursuit, StopsAtAnAtomThatDependsOnTheOthersAndAtNothingLeft) {
  const auto same =
      run_node("matching_pursuit", pursuit(2, {1, 1, 1, 1}), {matrix(2, {2, 2, 0, 0})});
  EXPECT_EQ(same.out.f64, (std::vector<double>{2, 0, 0, 0}));
}

TEST(MatchingPursuit, RefusesMoreAtomsThanThereAre) {
  EXPECT_NE(
      load_error("matching_pursuit", pursuit(3, {1, 0, 0, 1}), {ValueType{ValueKind::kF64, 2}}),
      "");
}
}  // namespace
}  // namespace bascule::testing
