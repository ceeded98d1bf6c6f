#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// 1e200 * 1e200 overflows before 1e-300 is met; the other way round it would not.
TEST(Products, MultipliesFromTheLeftAndIsOneOfNothing) {
  const NodeSpec spec{
      {},
      {integer_tensor("counts", {0, 1, 3, 3}), integer_tensor("factors", {1, 0, 0, 1, 0, 1, 0})}};
  const auto run = run_node("products", spec, {matrix(2, {1e200, 1e-300})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 1e-300, INFINITY, 1e200 * 1e-300 * 1e200}));
}

TEST(Products, RefusesAColumnThatIsNotThere) {
  const NodeSpec spec{{}, {integer_tensor("counts", {2}), integer_tensor("factors", {0, 2})}};
  EXPECT_NE(load_error("products", spec, {ValueType{ValueKind::kF64, 2}}), "");
  const NodeSpec few{{}, {integer_tensor("counts", {2}), integer_tensor("factors", {0})}};
  EXPECT_NE(load_error("products", few, {ValueType{ValueKind::kF64, 2}}), "");
}
}  // namespace
}  // namespace bascule::testing
