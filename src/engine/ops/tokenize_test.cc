#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/limits.h"
#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec words_14(Json::Object attrs = {}) {
  attrs.emplace_back("pattern", Json(std::string("word")));
  attrs.emplace_back("unicode", Json(std::string("14.0.0")));
  return {std::move(attrs), {}};
}

// Each is what Python 3.11 gives for re.findall(r"(?u)\\b\\w\\w+\\b", text).
TEST(Tokenize, FindsTheWordsThatPythonFinds) {
  const auto run = run_node(
      "tokenize", words_14(),
      {texts({"it's a dog_2 x", "", "\u00E9t\u00E9, \u4E2D\u6587!", "a-b-c", "e\u0301a ab"})});
  EXPECT_EQ(run.out.strings,
            (std::vector<std::string>{"it", "dog_2", "\u00E9t\u00E9", "\u4E2D\u6587", "ab"}))
      << "a combining accent is no word character";
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2, 4, 4, 5}));
}

TEST(Tokenize, FindsRunsOfTheFewestCharactersAskedFor) {
  const auto run = run_node("tokenize", words_14({{"fewest", Json(std::int64_t{3})}}),
                            {texts({"ab abc \u00E9t\u00E9", "a"})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"abc", "\u00E9t\u00E9"}));
}

// ASCII is cut 64 bytes at a time: a word may stand on every edge, and the text may end there.
TEST(Tokenize, CutsWordsWhereverTheyStand) {
  std::vector<std::optional<std::string>> rows;
  std::vector<std::string> expected;
  for (std::size_t before = 0; before < 140; ++before) {
    for (const std::size_t size : {1U, 2U, 3U, 64U, 129U}) {
      for (const char* behind : {"", ".", ". ab", " \u00E9t\u00E9"}) {
        const std::string word(size, 'w');
        rows.emplace_back(std::string(before, ' ') + word + behind);
        if (size >= 2) {
          expected.push_back(word);
        }
        if (*behind != '\0' && behind[1] != '\0') {
          expected.emplace_back(behind + (*behind == '.' ? 2 : 1));
        }
      }
    }
  }
  for (std::size_t first = 0; first < rows.size(); first += limits::kBlockRows) {
    const auto end = std::min(rows.size(), first + limits::kBlockRows);
    const auto run = run_node("tokenize", words_14(),
                              {texts({rows.begin() + static_cast<std::ptrdiff_t>(first),
                                      rows.begin() + static_cast<std::ptrdiff_t>(end)})});
    ASSERT_LE(run.out.strings.size(), expected.size());
    const auto found = static_cast<std::ptrdiff_t>(run.out.strings.size());
    EXPECT_EQ(run.out.strings,
              (std::vector<std::string>(expected.begin(), expected.begin() + found)));
    expected.erase(expected.begin(), expected.begin() + found);
  }
  EXPECT_TRUE(expected.empty());
}

TEST(Tokenize, RefusesARowWithoutText) {
  const auto run = run_node("tokenize", words_14({{"column", Json(std::int64_t{0})}}),
                            {texts({"ab", std::nullopt, "cd"})});
  EXPECT_EQ(run.refused[1].code, RowCode::kMissing);
  EXPECT_EQ(run.refused[1].column, 0);
  EXPECT_EQ(run.refused.count(), 1);
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"ab", "cd"}));
}

TEST(Tokenize, RefusesAPatternThatItDoesNotKnow) {
  const NodeSpec spec{{{"pattern", Json(std::string("[a-z]+"))}}, {}};
  EXPECT_EQ(load_error("tokenize", spec, {ValueType{ValueKind::kStrings, 1}}),
            "step 'test -> tokenize' (tokenize): attribute 'pattern' is '[a-z]+', expected 'word'");
}
}  // namespace
}  // namespace bascule::testing
