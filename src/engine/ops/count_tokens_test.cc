#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
const std::vector<Cells> kRows = {tokens({{"b", "x", "a", "b"}, {}, {"c"}, {"x", "x"}})};

TEST(CountTokens, CountsWithAscendingColumnsAndLeavesUnknownWords) {
  const auto run =
      run_node("count_tokens", {{}, string_tensors("vocabulary", {"c", "b", "a"})}, kRows);
  EXPECT_EQ(run.out.type, (ValueType{ValueKind::kCsr, 3}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2, 3, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 2, 0}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{2, 1, 1}));
}

TEST(CountTokens, SortsManyColumnsAsItSortsFew) {
  std::vector<std::string> vocabulary;
  std::vector<std::string> row;
  for (int i = 0; i < 1000; ++i) {
    vocabulary.push_back(std::to_string(i));
    row.push_back(std::to_string(i * 7 % 1000));
  }
  const auto run =
      run_node("count_tokens", {{}, string_tensors("vocabulary", vocabulary)}, {tokens({row})});
  ASSERT_EQ(run.out.columns.size(), 1000);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(run.out.columns[i], i);
    EXPECT_EQ(run.out.f64[i], 1);
  }
}

TEST(CountTokens, GivesOneForAnyCountWhenBinary) {
  const auto run =
      run_node("count_tokens",
               {{{"binary", Json(true)}}, string_tensors("vocabulary", {"c", "b", "a"})}, kRows);
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 1, 1}));
}
}  // namespace
}  // namespace bascule::testing
