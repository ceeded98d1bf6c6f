#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec how(std::string name) {
  return {{{"how", Json(std::move(name))}, {"unicode", Json(std::string("14.0.0"))}}, {}};
}

// unicode_test.cc compares every character with Python.
TEST(StripAccents, KeepsWhatDoesNotCombine) {
  const auto run = run_node("strip_accents", how("unicode"),
                            {texts({"e\u0301t\u00E9 \uFB01n \u00DF", "plain", std::nullopt})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"ete fin \u00DF", "plain", ""}));
  EXPECT_EQ(run.out.valid, (std::vector<std::uint8_t>{1, 1, 0})) << "missing stays missing";
}

TEST(StripAccents, KeepsOnlyAsciiWhenAsked) {
  const auto run =
      run_node("strip_accents", how("ascii"), {texts({"e\u0301t\u00E9 \uFB01n \u00DF\uAC00"})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"ete fin "}));
}

TEST(StripAccents, TakesSyllablesApart) {
  const auto run = run_node("strip_accents", how("unicode"), {texts({"\uAC00\uAC01"})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"\u1100\u1161\u1100\u1161\u11A8"}));
}
}  // namespace
}  // namespace bascule::testing
