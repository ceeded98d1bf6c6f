#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec line(double reg) {
  return {{{"reg", Json(reg)}},
          {matrix_tensor("points", 1, {0, 2}), matrix_tensor("values", 1, {10, 20})}};
}

TEST(Barycenter, LiesBetweenItsNeighbours) {
  const auto run = run_node("barycenter", line(1e-9), {numbers({1}), matrix(4, {1, 1, 0, 1})});
  EXPECT_NEAR(run.out.f64[0], 15, 1e-6);
}

TEST(Barycenter, RefusesARowWhoseProductsOverflow) {
  const auto run = run_node("barycenter", line(1e-3), {numbers({1e300}), matrix(4, {1, 1, 0, 1})});
  EXPECT_EQ(run.refused[0].code, RowCode::kInfinite);
}

TEST(Barycenter, RefusesAnOddWidth) {
  EXPECT_NE(load_error("barycenter", line(1), {ValueType{}, ValueType{ValueKind::kF64, 3}}), "");
}
}  // namespace
}  // namespace bascule::testing
