#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(NearestPaths, GoesByTheNeighbourThatMakesTheWayShortest) {
  const NodeSpec spec{{}, {matrix_tensor("paths", 2, {0, 9, 9, 0})}};
  EXPECT_EQ(run_node("nearest_paths", spec, {matrix(4, {1, 2, 0, 1})}).out.f64,
            (std::vector<double>{1, 2}));
}

TEST(NearestPaths, RefusesARowWithoutNeighbours) {
  const NodeSpec spec{{}, {matrix_tensor("paths", 2, {0, 9, 9, 0})}};
  const auto run = run_node("nearest_paths", spec, {sparse(2, {{}})});
  EXPECT_EQ(run.refused[0].code, RowCode::kNoNeighbors);
}

TEST(NearestPaths, RefusesATableThatIsNotSquare) {
  const NodeSpec spec{{}, {matrix_tensor("paths", 3, {0, 9, 9, 0, 1, 2})}};
  EXPECT_NE(load_error("nearest_paths", spec, {ValueType{ValueKind::kF64, 2}}), "");
}
}  // namespace
}  // namespace bascule::testing
