#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(NeighborGraph, OrdersByPositionAndAddsWhatIsFoundTwice) {
  const NodeSpec spec{{{"points", Json(std::int64_t{5})}}, {}};
  const auto run = run_node("neighbor_graph", spec, {matrix(6, {1, 2, 4, 3, 0, 3})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{2, 5}));
}

TEST(NeighborGraph, GivesOnesWhenOnlyConnected) {
  const NodeSpec spec{{{"connectivity", Json(true)}, {"points", Json(std::int64_t{5})}}, {}};
  EXPECT_EQ(run_node("neighbor_graph", spec, {matrix(4, {1, 2, 3, 0})}).out.f64,
            (std::vector<double>{1, 1}));
}

TEST(NeighborGraph, RefusesAnOddWidth) {
  const NodeSpec spec{{{"points", Json(std::int64_t{5})}}, {}};
  EXPECT_NE(load_error("neighbor_graph", spec, {ValueType{ValueKind::kF64, 3}}), "");
}
}  // namespace
}  // namespace bascule::testing
