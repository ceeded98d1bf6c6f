#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(MapCodes, GivesOtherwiseForACodeWithoutAnother) {
  const NodeSpec spec{{{"otherwise", Json(std::int64_t{7})}}, {integer_tensor("map", {2, 0})}};
  const auto run = run_node("map_codes", spec, {integers({1, 0, -1, std::nullopt})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{0, 2, 7, 7}));
}

TEST(MapCodes, RefusesAMapThatDoesNotFitTheCodes) {
  const NodeSpec spec{{{"otherwise", Json(std::int64_t{0})}}, {integer_tensor("map", {2, 0})}};
  EXPECT_NE(load_error("map_codes", spec, {ValueType::codes(0, 2)}), "");
}
}  // namespace
}  // namespace bascule::testing
