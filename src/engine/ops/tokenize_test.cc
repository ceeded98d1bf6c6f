#include <gtest/gtest.h>

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
