#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> votes(bool draws, std::vector<double> pairs) {
  const NodeSpec spec{{{"draws", Json(draws)}}, {}};
  return run_node("vote", spec, {matrix(3, std::move(pairs))}).out.f64;
}

TEST(Vote, CountsThePairsThatAClassWins) {
  EXPECT_EQ(votes(false, {1, -1, 1}), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(votes(false, {1, 2, -1}), (std::vector<double>{2, 0, 1}));
}

TEST(Vote, GivesADrawToTheSecondClassUnlessAsked) {
  EXPECT_EQ(votes(false, {0, -0.0, NAN}), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(votes(true, {0, -0.0, NAN}), (std::vector<double>{2, 1, 0}));
}

TEST(Vote, RefusesColumnsThatAreNoPairs) {
  EXPECT_EQ(
      load_error("vote", {}, {ValueType{ValueKind::kF64, 4}}),
      "step 'test -> vote' (vote): the input has 4 columns, expected one per pair of classes");
}
}  // namespace
}  // namespace bascule::testing
