#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec lower_14() {
  return {{{"lowercase", Json(true)}, {"unicode", Json(std::string("14.0.0"))}}, {}};
}

// Each is what Python 3.11 gives for str.lower().
TEST(NormalizeText, LowersAsPythonDoes) {
  const auto run =
      run_node("normalize_text", lower_14(),
               {texts({"ABC def", "\u00C4\u0178", "\u0130", "\u1E9E", "\U00010400",
                       "\u039F\u0394\u039F\u03A3", "\u03A3", "A\u03A3'", "A\u03A3'B", "\u212A"})});
  EXPECT_EQ(run.out.strings,
            (std::vector<std::string>{"abc def", "\u00E4\u00FF", "i\u0307", "\u00DF", "\U00010428",
                                      "\u03BF\u03B4\u03BF\u03C2", "\u03C3", "a\u03C2'", "a\u03C3'b",
                                      "k"}));
}

TEST(NormalizeText, KeepsMissingMissingAndEmptyEmpty) {
  const auto run = run_node("normalize_text", lower_14(), {texts({std::nullopt, "", "A"})});
  EXPECT_EQ(run.out.valid, (std::vector<std::uint8_t>{0, 1, 1}));
  EXPECT_EQ(run.out.strings[2], "a");
}

TEST(NormalizeText, KeepsBytesThatAreNotUtf8) {
  const auto run = run_node("normalize_text", lower_14(), {texts({"A\xFFZ\xE2\x82"})});
  EXPECT_EQ(run.out.strings[0], "a\xFFz\xE2\x82");
}

TEST(NormalizeText, LeavesTheTextWithoutLowercase) {
  const NodeSpec spec{{{"unicode", Json(std::string("14.0.0"))}}, {}};
  EXPECT_EQ(run_node("normalize_text", spec, {texts({"ABC"})}).out.strings[0], "ABC");
}

TEST(NormalizeText, RefusesAnotherUnicodeVersionByName) {
  const NodeSpec spec{{{"unicode", Json(std::string("16.0.0"))}}, {}};
  EXPECT_EQ(load_error("normalize_text", spec, {ValueType{ValueKind::kStrings, 1}}),
            "step 'test -> normalize_text' (normalize_text): attribute 'unicode' is '16.0.0', "
            "expected '14.0.0' (Python 3.11); pack with that Python");
}
}  // namespace
}  // namespace bascule::testing
