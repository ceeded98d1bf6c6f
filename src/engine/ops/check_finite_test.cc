#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
Json::Array positions(std::vector<std::int64_t> columns) {
  Json::Array list;
  for (const auto column : columns) {
    list.emplace_back(column);
  }
  return list;
}

TEST(CheckFinite, RefusesNaNAndInfinityWithTheirColumn) {
  const NodeSpec spec{{{"columns", Json(positions({0, -1}))}}, {}};
  const auto run = run_node("check_finite", spec, {matrix(2, {1, 2, NAN, 2, 1, INFINITY})});
  EXPECT_FALSE(run.refused.refused(0));
  EXPECT_EQ(run.refused[1].code, RowCode::kMissing);
  EXPECT_EQ(run.refused[1].column, 0);
  EXPECT_EQ(run.refused[2].code, RowCode::kInfinite);
  EXPECT_EQ(run.refused[2].column, -1);
  EXPECT_EQ(run.out.f64[1], 2) << "it gives its input";
}

TEST(CheckFinite, LetsNaNPassWhenToldTo) {
  const auto run =
      run_node("check_finite", {{{"missing", Json(true)}}, {}}, {numbers({NAN, -INFINITY})});
  EXPECT_FALSE(run.refused.refused(0));
  EXPECT_EQ(run.refused[1].code, RowCode::kInfinite);
}

// 3.4028235677973366e38 is the midpoint above the largest float32: the first that overflows.
TEST(CheckFinite, RefusesExactlyWhatBecomesInfiniteInFloat32) {
  const auto cells = numbers({3.4028235677973366e38, 3.4028235677973362e38, -1e39});
  const auto run = run_node("check_finite", {{{"float32", Json(true)}}, {}}, {cells});
  EXPECT_EQ(run.refused[0].code, RowCode::kTooLarge);
  EXPECT_FALSE(run.refused.refused(1));
  EXPECT_EQ(run.refused[2].code, RowCode::kTooLarge);
  EXPECT_FALSE(run_node("check_finite", {}, {cells}).refused.any());
}

TEST(CheckFinite, LooksAtTheStoredCellsOfASparseBlock) {
  const auto run = run_node("check_finite", {}, {sparse(3, {{{2, 1}}, {{1, NAN}}})});
  EXPECT_FALSE(run.refused.refused(0));
  EXPECT_EQ(run.refused[1].code, RowCode::kMissing);
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{2, 1}));
}

TEST(CheckFinite, RefusesColumnsThatTheModelHasNot) {
  EXPECT_EQ(load_error("check_finite", {{{"columns", Json(positions({1}))}}, {}}, {ValueType{}}),
            "step 'test -> check_finite' (check_finite): attribute 'columns' names an input column "
            "that the model has not; it has 1");
  EXPECT_EQ(load_error("check_finite", {{{"columns", Json(positions({0, 0}))}}, {}}, {ValueType{}}),
            "step 'test -> check_finite' (check_finite): attribute 'columns' has 2 elements, "
            "expected 1");
}
}  // namespace
}  // namespace bascule::testing
