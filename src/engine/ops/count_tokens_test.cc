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

TEST(CountTokens, GivesOneForAnyCountWhenBinary) {
  const auto run =
      run_node("count_tokens",
               {{{"binary", Json(true)}}, string_tensors("vocabulary", {"c", "b", "a"})}, kRows);
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 1, 1}));
}
}  // namespace
}  // namespace bascule::testing
