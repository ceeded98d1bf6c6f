#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec density(std::string kernel, bool breadth_first) {
  return {{{"atol", Json(0.0)},
           {"bandwidth", Json(1.0)},
           {"breadth_first", Json(breadth_first)},
           {"kernel", Json(std::move(kernel))},
           {"metric", Json(std::string("euclidean"))},
           {"rtol", Json(0.0)},
           {"search", Json(std::string("kd_tree"))}},
          {matrix_tensor("points", 1, {0, 1, 9, 10}), integer_tensor("order", {0, 1, 2, 3}),
           integer_tensor("first", {0, 0, 2}), integer_tensor("last", {4, 2, 4}),
           integer_tensor("leaf", {0, 1, 1}), vector_tensor("node_radius", {5, 0.5, 0.5}),
           matrix_tensor("bounds", 1, {0, 0, 9, 10, 1, 10})}};
}

TEST(KernelDensity, AddsTheKernelsOfEveryPoint) {
  const double gaussian = (1 + std::exp(-0.5)) / std::sqrt(2 * std::numbers::pi);
  for (const bool breadth_first : {false, true}) {
    const auto run = run_node("kernel_density", density("gaussian", breadth_first), {numbers({0})});
    EXPECT_NEAR(std::exp(run.out.f64[0]), gaussian, 1e-12);
  }
}

TEST(KernelDensity, IsNothingBeyondAKernelThatEnds) {
  const auto run = run_node("kernel_density", density("tophat", true), {numbers({5, 0.5})});
  EXPECT_EQ(run.out.f64[0], -INFINITY);
  EXPECT_NEAR(run.out.f64[1], 0, 1e-12) << "two points in an interval of length 2";
}

TEST(KernelDensity, RefusesAnUnknownKernel) {
  EXPECT_NE(load_error("kernel_density", density("round", true), {ValueType{}}), "");
}
}  // namespace
}  // namespace bascule::testing
