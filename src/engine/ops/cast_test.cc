#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Cast, RoundsBigIntegersToNearest) {
  const auto run = run_node("cast", {}, {integers({9007199254740993, -1, std::nullopt})});
  EXPECT_EQ(run.out.f64[0], 9007199254740992.0);
  EXPECT_EQ(run.out.f64[1], -1);
  EXPECT_TRUE(std::isnan(run.out.f64[2])) << "a missing integer becomes NaN";
}

TEST(Cast, IsExactForFloat32AndBooleans) {
  EXPECT_EQ(run_node("cast", {}, {floats32({0.1F})}).out.f64[0], 0.10000000149011612);
  const auto run = run_node("cast", {}, {booleans({true, false, std::nullopt})});
  EXPECT_EQ(run.out.f64[0], 1);
  EXPECT_EQ(run.out.f64[1], 0);
  EXPECT_TRUE(std::isnan(run.out.f64[2]));
}

TEST(Cast, RefusesText) {
  EXPECT_EQ(load_error("cast", {}, {ValueType{ValueKind::kStrings, 1}}),
            "step 'test -> cast' (cast): input 0 is string, expected f32, i64 or bool");
}
}  // namespace
}  // namespace bascule::testing
