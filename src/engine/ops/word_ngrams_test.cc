#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec lengths(std::int64_t low, std::int64_t high) {
  return {{{"low", Json(low)}, {"high", Json(high)}}, {}};
}

TEST(WordNgrams, ListsShorterRunsFirst) {
  const auto run =
      run_node("word_ngrams", lengths(1, 3), {tokens({{"a", "b", "c"}, {}, {"x"}, {"y", ""}})});
  EXPECT_EQ(run.out.strings,
            (std::vector<std::string>{"a", "b", "c", "a b", "b c", "a b c", "x", "y", "", "y "}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 6, 6, 7, 10}));
}

TEST(WordNgrams, GivesNothingForARowWithFewerTokens) {
  const auto run = run_node("word_ngrams", lengths(2, 2), {tokens({{"a"}, {"b", "c"}})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"b c"}));
}

TEST(WordNgrams, RefusesLengthsThatDescend) {
  EXPECT_EQ(load_error("word_ngrams", lengths(3, 2), {ValueType{ValueKind::kTokens, 1}}),
            "step 'test -> word_ngrams' (word_ngrams): attribute 'high' is 2, expected 3 to 1024");
}
}  // namespace
}  // namespace bascule::testing
