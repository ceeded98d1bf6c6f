#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec countries(Json::Object attrs) {
  return {std::move(attrs), string_tensors("categories", {"DE", "", "FR"})};
}

TEST(LookupString, ComparesBytes) {
  const auto run = run_node("lookup_string", countries({}),
                            {texts({"FR", "DE", "de", "", "FR ", "F", std::nullopt})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{2, 0, -1, 1, -1, -1, -1}));
  EXPECT_FALSE(run.refused.any());
}

TEST(LookupString, GivesAMissingTextItsOwnCode) {
  const auto run = run_node("lookup_string", countries({{"missing", Json(std::int64_t{3})}}),
                            {texts({std::nullopt, ""})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{3, 1})) << "null and empty are two values";
  EXPECT_EQ(run.out.type.high, 3);
}

TEST(LookupString, RefusesUnknownAndMissingWhenToldTo) {
  const auto run = run_node("lookup_string",
                            countries({{"refuse_unknown", Json(true)},
                                       {"refuse_missing", Json(true)},
                                       {"column", Json(std::int64_t{0})}}),
                            {texts({"DE", "ZZ", std::nullopt})});
  EXPECT_FALSE(run.refused.refused(0));
  EXPECT_EQ(run.refused[1].code, RowCode::kUnknownCategory);
  EXPECT_EQ(run.refused[2].code, RowCode::kMissing);
  EXPECT_EQ(run.refused[2].column, 0);
}

TEST(LookupString, FindsEachOfManyCategories) {
  std::vector<std::string> categories;
  std::vector<std::optional<std::string>> rows;
  for (int i = 0; i < 5'000; ++i) {
    categories.push_back(fmt::format("category {}", i * 7919));
  }
  for (int i = 0; i < 200; ++i) {
    rows.emplace_back(categories[static_cast<std::size_t>(i) * 25]);
  }
  const auto run =
      run_node("lookup_string", {{}, string_tensors("categories", categories)}, {texts(rows)});
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(run.out.i64[static_cast<std::size_t>(i)], i * 25);
  }
}

TEST(LookupString, RefusesACategoryThatStandsTwice) {
  EXPECT_EQ(load_error("lookup_string", {{}, string_tensors("categories", {"a", "b", "a"})},
                       {ValueType{ValueKind::kStrings, 1}}),
            "step 'test -> lookup_string' (lookup_string): 'categories' has 'a' twice, at "
            "positions 0 and 2");
}

TEST(LookupString, RefusesOffsetsThatLeaveTheText) {
  auto tensors = string_tensors("categories", {"ab", "c"});
  for (const auto& offsets : std::vector<std::vector<std::int64_t>>{
           {0, 4, 3}, {0, 2}, {1, 2, 3}, {0, 2, 1, 3}, {0, -1, 3}, {}}) {
    tensors[1] = integer_tensor("categories.offsets", offsets);
    EXPECT_NE(load_error("lookup_string", {{}, tensors}, {ValueType{ValueKind::kStrings, 1}}), "");
  }
}
}  // namespace
}  // namespace bascule::testing
