#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec topics(std::int64_t iterations) {
  return {{{"prior", Json(0.5)}, {"tolerance", Json(1e-3)}, {"iterations", Json(iterations)}},
          {matrix_tensor("words", 2, {0.9, 0.1, 0.1, 0.9, 0.5, 0.5})}};
}

TEST(TopicDistribution, SharesAddUpToOneAndFollowTheWords) {
  const auto p = run_node("topic_distribution", topics(100), {matrix(3, {9, 0, 1, 0, 9, 1})}).out;
  EXPECT_DOUBLE_EQ(p.f64[0] + p.f64[1], 1);
  EXPECT_GT(p.f64[0], 0.9);
  EXPECT_LT(p.f64[2], 0.1);
}

TEST(TopicDistribution, ARowWithoutWordsKnowsNothing) {
  const auto run = run_node("topic_distribution", topics(100), {matrix(3, {0, 0, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.5, 0.5}));
}

TEST(TopicDistribution, SparseRowsHaveTheSameBits) {
  const auto dense = run_node("topic_distribution", topics(100), {matrix(3, {2, 0, 1})});
  const auto csr = run_node("topic_distribution", topics(100), {sparse(3, {{{0, 2}, {2, 1}}})});
  EXPECT_EQ(csr.out.f64, dense.out.f64);
}

TEST(TopicDistribution, RefusesWordsOfAnotherNumber) {
  EXPECT_NE(load_error("topic_distribution", topics(10), {ValueType{ValueKind::kF64, 2}}), "");
  EXPECT_NE(load_error("topic_distribution", topics(-1), {ValueType{ValueKind::kF64, 3}}), "");
}
}  // namespace
}  // namespace bascule::testing
