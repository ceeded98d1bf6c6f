#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec votes(std::string weights) {
  return {{{"classes", Json(std::int64_t{2})}, {"weights", Json(std::move(weights))}},
          {integer_tensor("labels", {0, 1, 1})}};
}

TEST(NeighborVotes, CountsEachNeighbourOnce) {
  const auto run = run_node("neighbor_votes", votes("uniform"), {matrix(4, {1, 3, 0, 2})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.5, 0.5}));
}

TEST(NeighborVotes, WeighsByTheInverseOfTheDistance) {
  const auto run = run_node("neighbor_votes", votes("distance"), {matrix(4, {1, 3, 0, 2})});
  EXPECT_EQ(run.out.f64[1], 1.0 / 3 / (1 + 1.0 / 3));
}

TEST(NeighborVotes, HearsOnlyThoseAtNoDistance) {
  const auto run = run_node("neighbor_votes", votes("distance"), {matrix(4, {0, 0.1, 0, 2})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 0}));
}

TEST(NeighborVotes, RefusesARowWhoseNeighboursAreInfinitelyFar) {
  const auto run =
      run_node("neighbor_votes", votes("distance"), {matrix(4, {INFINITY, INFINITY, 0, 2})});
  EXPECT_EQ(run.refused[0].code, RowCode::kNoNeighbors);
}

TEST(NeighborVotes, GivesARowWithoutNeighboursWhatItIsTold) {
  auto spec = votes("uniform");
  const auto refused = run_node("neighbor_votes", spec, {sparse(3, {{}})});
  EXPECT_EQ(refused.refused[0].code, RowCode::kNoNeighbors);
  spec.tensors.push_back(vector_tensor("otherwise", {0, 1}));
  const auto run = run_node("neighbor_votes", spec, {sparse(3, {{}, {{0, 2.0}}})});
  EXPECT_FALSE(run.refused.any());
  EXPECT_EQ(run.out.f64, (std::vector<double>{0, 1, 1, 0}));
}

TEST(NeighborVotes, StaysInsideItsTableWhateverThePositions) {
  const auto run =
      run_node("neighbor_votes", votes("uniform"), {matrix(4, {1, 1, -7, std::nan("")})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 0})) << "the first point stands in";
}

TEST(NeighborVotes, RefusesLabelsOutsideItsClasses) {
  auto spec = votes("uniform");
  spec.tensors[0] = integer_tensor("labels", {0, 2});
  EXPECT_NE(load_error("neighbor_votes", spec, {ValueType{ValueKind::kF64, 4}}), "");
  EXPECT_EQ(load_error("neighbor_votes", votes("uniform"), {ValueType{ValueKind::kF64, 3}}),
            "step 'test -> neighbor_votes' (neighbor_votes): input 0 is f64[3], expected f64 of an "
            "even width or csr[3]");
}
}  // namespace
}  // namespace bascule::testing
