#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec among(const std::vector<std::string>& categories) {
  return {{}, string_tensors("categories", categories)};
}

TEST(SearchString, TakesTheNextGreaterCategoryForAnUnknownOne) {
  const auto run = run_node("search_string", among({"", "DE", "FR"}),
                            {texts({"", "DE", "D", "DEX", "FR", std::nullopt})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{0, 1, 1, 2, 2, -1}));
  EXPECT_FALSE(run.refused.any());
}

TEST(SearchString, RefusesWhatIsBeyondTheLast) {
  const auto run = run_node("search_string", among({"", "DE"}), {texts({"DEX", "DE", "\xc3\x84"})});
  EXPECT_EQ(run.refused[0].code, RowCode::kUnknownCategory);
  EXPECT_FALSE(run.refused.refused(1));
  EXPECT_TRUE(run.refused.refused(2));
}

TEST(SearchString, RefusesATextWithANul) {
  const auto run = run_node("search_string", among({"DE", "FR"}),
                            {texts({std::string("D\0E", 3), "D", std::string("\0", 1)})});
  EXPECT_EQ(run.refused[0].code, RowCode::kUnknownCategory);
  EXPECT_FALSE(run.refused.refused(1));
  EXPECT_TRUE(run.refused.refused(2));
}

TEST(SearchString, NeedsAscendingCategories) {
  const std::vector<ValueType> text = {ValueType{ValueKind::kStrings, 1}};
  EXPECT_EQ(load_error("search_string", among({"b", "a"}), text),
            "step 'test -> search_string' (search_string): tensor 'categories' has 'b' before 'a', "
            "expected ascending texts");
  EXPECT_NE(load_error("search_string", among({"a", "a"}), text), "");
}
}  // namespace
}  // namespace bascule::testing
