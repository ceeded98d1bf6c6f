#include <gtest/gtest.h>

#include <limits>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// The numbers are those under which CatBoost 1.2.10 stores these categories.
TEST(CityHash, IsThatOfVersionOneForEveryLength) {
  const auto run = run_node(
      "city_hash", {},
      {texts({"", "a", "ab1", "Berlin", "category-9", "sixteen letters!", "seventeen letters",
              "thirty-two letters, no more, OK!", "thirty-three letters is one more!",
              "sixty-four letters are what fits into one piece of this function",
              "sixty-five letters are the first that need more than one piece ..",
              std::string(200, 'x'), "Stra\u00dfe"})});
  EXPECT_EQ(run.out.i64,
            (std::vector<std::int64_t>{797982799, -805065478, 2039327132, 1503209845, -763926456,
                                       1409682486, -580945932, -1879136292, 1224601118, -199937831,
                                       -952336874, 692612926, 1469327693}));
}

TEST(CityHash, HashesIntegersAndBooleansByTheirDigits) {
  const auto numbers =
      run_node("city_hash", {}, {integers({1, -5, 0, std::numeric_limits<std::int64_t>::min()})});
  EXPECT_EQ(numbers.out.i64,
            (std::vector<std::int64_t>{1121341681, -1722009910, -1438285038, 953718104}));
  const auto flags = run_node("city_hash", {}, {booleans({true, false})});
  EXPECT_EQ(flags.out.i64, (std::vector<std::int64_t>{1121341681, -1438285038}));
}

TEST(CityHash, RefusesTheRowOfAMissingValue) {
  const NodeSpec spec{{{"column", Json(std::int64_t{0})}}, {}};
  const auto run = run_node("city_hash", spec, {texts({"a", std::nullopt})});
  EXPECT_FALSE(run.refused.refused(0));
  EXPECT_EQ(run.refused[1].code, RowCode::kMissing);
  EXPECT_EQ(run.refused[1].column, 0);
}

TEST(CityHash, RefusesFloats) {
  EXPECT_EQ(load_error("city_hash", {}, {ValueType{}}),
            "step 'test -> city_hash' (city_hash): input 0 is f64[1], expected string");
}
}  // namespace
}  // namespace bascule::testing
