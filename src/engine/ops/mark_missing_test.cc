#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(MarkMissing, MakesEqualCellsMissingAndKeepsTheOthersBits) {
  const auto run =
      run_node("mark_missing", {{{"value", Json(-1.0)}}, {}}, {matrix(2, {-1, 2, -0.0, NAN})});
  EXPECT_TRUE(std::isnan(run.out.f64[0]));
  EXPECT_EQ(run.out.f64[1], 2);
  EXPECT_TRUE(std::signbit(run.out.f64[2]));
  EXPECT_TRUE(std::isnan(run.out.f64[3]));
}

TEST(MarkMissing, ComparesAsFloat32WhenAsked) {
  const double almost = std::nextafter(0.1, 1);  // the same float32 as 0.1
  for (const bool float32 : {false, true}) {
    const NodeSpec spec{{{"value", Json(0.1)}, {"float32", Json(float32)}}, {}};
    const auto run = run_node("mark_missing", spec, {numbers({almost, 0.1})});
    EXPECT_EQ(std::isnan(run.out.f64[0]), float32);
    EXPECT_TRUE(std::isnan(run.out.f64[1]));
  }
}

TEST(MarkMissing, NeedsAValue) {
  EXPECT_EQ(load_error("mark_missing", {}, {ValueType{ValueKind::kF64, 1}}),
            "step 'test -> mark_missing' (mark_missing): attribute 'value' is missing");
}
}  // namespace
}  // namespace bascule::testing
