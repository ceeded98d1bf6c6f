#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
Json whole_number(std::int64_t value) {
  return Json(value);
}

NodeSpec search(std::string how, std::int64_t k, const std::vector<double>& points,
                std::string metric = "euclidean") {
  return {{{"k", whole_number(k)},
           {"metric", Json(std::move(metric))},
           {"search", Json(std::move(how))}},
          {matrix_tensor("points", 1, points)}};
}

// Two leaves: points 2 and 0, then 1 and 3.
NodeSpec tree(std::string how, std::int64_t k) {
  auto spec = search(std::move(how), k, {1, 9, 0, 10});
  spec.tensors.push_back(integer_tensor("order", {2, 0, 1, 3}));
  spec.tensors.push_back(integer_tensor("first", {0, 0, 2}));
  spec.tensors.push_back(integer_tensor("last", {4, 2, 4}));
  spec.tensors.push_back(integer_tensor("leaf", {0, 1, 1}));
  spec.tensors.push_back(vector_tensor("node_radius", {5, 0.5, 0.5}));
  return spec;
}
NodeSpec kd_tree(std::int64_t k) {
  auto spec = tree("kd_tree", k);
  spec.tensors.push_back(matrix_tensor("bounds", 1, {0, 0, 9, 10, 1, 10}));
  return spec;
}
NodeSpec ball_tree(std::int64_t k) {
  auto spec = tree("ball_tree", k);
  spec.tensors.push_back(matrix_tensor("bounds", 1, {5, 0.5, 9.5}));
  return spec;
}

TEST(Nearest, GivesDistancesThenPositionsFromTheNearest) {
  const auto run = run_node("nearest", search("scan", 2, {5, 1, 2}), {numbers({0, 6})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 2, 1, 2, 1, 4, 0, 2}));
}

TEST(Nearest, FindsTheSameInATree) {
  for (const auto& spec : {kd_tree(3), ball_tree(3)}) {
    const auto run = run_node("nearest", spec, {numbers({8})});
    EXPECT_EQ(run.out.f64, (std::vector<double>{1, 2, 7, 1, 3, 0}));
  }
}

// Both leaves are as close to 5; the left one is visited first, and its point 0 stays.
TEST(Nearest, KeepsOfEqualsTheOneThatATreeVisitsFirst) {
  EXPECT_EQ(run_node("nearest", kd_tree(1), {numbers({5})}).out.f64, (std::vector<double>{4, 0}));
}

TEST(Nearest, KeepsOfEqualsTheFirstOfAScan) {
  EXPECT_EQ(run_node("nearest", search("scan", 1, {6, 4}), {numbers({5})}).out.f64,
            (std::vector<double>{1, 0}));
}

TEST(Nearest, GivesTheFirstPointWhereAllAreInfinitelyFar) {
  const auto run = run_node("nearest", kd_tree(2), {numbers({1e300})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{INFINITY, INFINITY, 0, 0}));
}

TEST(Nearest, PutsUnknownDistancesLast) {
  const double nan = std::nan("");
  const auto run =
      run_node("nearest", search("partition", 2, {nan, 3}, "nan_euclidean"), {numbers({1})});
  EXPECT_EQ(run.out.f64[0], 2);
  EXPECT_EQ(run.out.f64[1], INFINITY);
  EXPECT_EQ(run.out.f64[2], 1);
}

TEST(Nearest, RefusesMoreNeighboursThanPoints) {
  EXPECT_EQ(load_error("nearest", search("scan", 3, {1, 2}), {ValueType{}}),
            "step 'test -> nearest' (nearest): attribute 'k' is 3, expected 1 to 2");
}

TEST(Nearest, RefusesATreeThatLeavesItsTensors) {
  auto spec = kd_tree(1);
  spec.tensors[1] = integer_tensor("order", {2, 0, 1, 4});
  EXPECT_NE(load_error("nearest", spec, {ValueType{}}), "");
  spec = kd_tree(1);
  spec.tensors[4] = integer_tensor("leaf", {0, 0, 1});
  EXPECT_EQ(load_error("nearest", spec, {ValueType{}}),
            "step 'test -> nearest' (nearest): node 1 of 3 has no children and is no leaf");
  spec = kd_tree(1);
  spec.tensors[3] = integer_tensor("last", {4, 2, 5});
  EXPECT_NE(load_error("nearest", spec, {ValueType{}}), "");
}
}  // namespace
}  // namespace bascule::testing
