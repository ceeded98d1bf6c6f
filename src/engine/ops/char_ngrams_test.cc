#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec lengths(std::int64_t low, std::int64_t high, bool within_words) {
  return {{{"low", Json(low)},
           {"high", Json(high)},
           {"within_words", Json(within_words)},
           {"unicode", Json(std::string("14.0.0"))}},
          {}};
}

// Each is what Python gives for CountVectorizer(analyzer=..., ngram_range=...).build_analyzer().
TEST(CharNgrams, CountsCharactersAndMakesOneSpaceOfMore) {
  const auto run =
      run_node("char_ngrams", lengths(1, 2, false), {texts({"\u00E9a\t \u00A0b", ""})});
  EXPECT_EQ(run.out.strings,
            (std::vector<std::string>{"\u00E9", "a", " ", "b", "\u00E9a", "a ", " b"}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 7, 7}));
}

TEST(CharNgrams, LeavesASingleSpaceAsItIs) {
  const auto run = run_node("char_ngrams", lengths(3, 3, false), {texts({"a\tb", "a\u2003b"})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"a\tb", "a\u2003b"}));
}

TEST(CharNgrams, StaysWithinWordsAndCountsAShortOneOnce) {
  const auto run = run_node("char_ngrams", lengths(3, 4, true), {texts({" ab\u00A0\x1c c", " "})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{" ab", "ab ", " ab ", " c "}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 4, 4}));
}

TEST(CharNgrams, RefusesARowWithoutText) {
  const auto run = run_node("char_ngrams", lengths(1, 1, false), {texts({std::nullopt, "a"})});
  EXPECT_EQ(run.refused[0].code, RowCode::kMissing);
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"a"}));
}
}  // namespace
}  // namespace bascule::testing
