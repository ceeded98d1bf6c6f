#include <gtest/gtest.h>

#include "engine/pattern.h"
#include "engine/testing.h"

namespace bascule::testing {
namespace {
using Program = std::vector<std::int64_t>;
constexpr auto code = [](Instruct what) { return static_cast<std::int64_t>(what); };
constexpr std::int64_t kMatch = code(Instruct::kMatch);
constexpr std::int64_t kSet = code(Instruct::kSet);
constexpr std::int64_t kRun = code(Instruct::kRun);
constexpr std::int64_t kRunLazy = code(Instruct::kRunLazy);
constexpr std::int64_t kSplit = code(Instruct::kSplit);
constexpr std::int64_t kJump = code(Instruct::kJump);
constexpr std::int64_t kSave = code(Instruct::kSave);
constexpr std::int64_t kAt = code(Instruct::kAt);
constexpr std::int64_t kLook = code(Instruct::kLook);

// Set 0 is [a-z\u00E9], set 1 is [0-9].
NodeSpec pattern(const Program& program, Json::Object attrs = {}) {
  return {std::move(attrs),
          {integer_tensor("program", program),
           integer_tensor("set_ranges", {'a', 'z', 0xE9, 0xE9, '0', '9'}),
           integer_tensor("set_starts", {0, 4, 6})}};
}

std::vector<std::string> found(const Program& program, const std::string& text,
                               Json::Object attrs = {}) {
  return run_node("find_all", pattern(program, std::move(attrs)), {texts({text})}).out.strings;
}

std::string refusal(const Program& program) {
  return load_error("find_all", pattern(program), {ValueType{ValueKind::kStrings, 1}});
}

// Each is what Python gives for re.findall(pattern, text).
TEST(FindAll, TakesAsManyAsPossibleOrAsFew) {
  EXPECT_EQ(found({kRun, 0, 1, 2, kMatch, 0, 0, 0}, "abc \u00E9x"),
            (std::vector<std::string>{"ab", "c", "\u00E9x"}));
  EXPECT_EQ(found({kRunLazy, 0, 1, 0, kSet, 1, 0, 0, kMatch, 0, 0, 0}, "ab1c2 d"),
            (std::vector<std::string>{"ab1", "c2"}));
}

TEST(FindAll, GivesBackWhatTheRestNeeds) {
  EXPECT_EQ(found({kRun, 0, 1, 0, kSet, 0, 0, 0, kMatch, 0, 0, 0}, "a\u00E9c z"),
            (std::vector<std::string>{"a\u00E9c"}));
}

TEST(FindAll, TriesAlternativesInTheirOrder) {
  const Program letters_or_one = {kSplit, 1, 3,    0, kSet, 0, 0,      0, kJump, 4,
                                  0,      0, kRun, 0, 1,    0, kMatch, 0, 0,     0};
  EXPECT_EQ(found(letters_or_one, "ab"), (std::vector<std::string>{"a", "b"}));
}

TEST(FindAll, MayMatchNothingBehindAMatch) {
  EXPECT_EQ(found({kRun, 0, 0, 0, kMatch, 0, 0, 0}, "ab1"),
            (std::vector<std::string>{"ab", "", ""}));
  EXPECT_EQ(found({kRunLazy, 0, 0, 0, kMatch, 0, 0, 0}, "ab"),
            (std::vector<std::string>{"", "a", "", "b", ""}));
}

TEST(FindAll, GivesTheGroup) {
  const Program group = {kSave, 0, 0,    0, kRun, 0, 1,      0, kSave, 1,
                         0,     0, kSet, 1, 0,    0, kMatch, 0, 0,     0};
  EXPECT_EQ(found(group, "ab1 c", {{"group", Json(true)}}), (std::vector<std::string>{"ab"}));
}

TEST(FindAll, LooksAheadAndBehind) {
  const Program before_a_digit = {kRun, 0, 1,      0, kLook, 4, 0,      0, kSet, 1,
                                  0,    0, kMatch, 0, 0,     0, kMatch, 0, 0,    0};
  EXPECT_EQ(found(before_a_digit, "ab1 cd"), (std::vector<std::string>{"ab"}));
  const Program not_behind_a_digit = {kLook, 3, 1,    1, kSet, 1, 0,      0, kMatch, 0,
                                      0,     0, kSet, 0, 0,    0, kMatch, 0, 0,      0};
  EXPECT_EQ(found(not_behind_a_digit, "a1b"), (std::vector<std::string>{"a"}));
}

TEST(FindAll, KnowsNoBoundaryInAnEmptyText) {
  for (const auto place : {Place::kBoundary, Place::kNoBoundary}) {
    const Program at = {kAt, static_cast<std::int64_t>(place), 0, 0, kMatch, 0, 0, 0};
    EXPECT_EQ(found(at, ""), std::vector<std::string>{});
  }
}

TEST(FindAll, GivesUpATextThatTakesTooManySteps) {
  // (?:[a-z]|[a-z])*[0-9], which doubles with every letter.
  const Program doubling = {kSplit, 1, 6, 0, kSplit, 2, 4, 0, kSet, 0, 0, 0, kJump,  0, 0, 0,
                            kSet,   0, 0, 0, kJump,  0, 0, 0, kSet, 1, 0, 0, kMatch, 0, 0, 0};
  const auto run = run_node("find_all", pattern(doubling), {texts({std::string(64, 'a'), "a1"})});
  EXPECT_EQ(run.refused[0].code, RowCode::kTooLong);
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"a1"})) << "its neighbour is scored";
}

TEST(FindAll, GivesUpAProgramThatNeverEnds) {
  for (const Program& endless : {Program{kJump, 0, 0, 0}, Program{kSplit, 0, 0, 0},
                                 Program{kLook, 1, 0, 0, kJump, 0, 0, 0}}) {
    const auto run = run_node("find_all", pattern(endless), {texts({"a"})});
    EXPECT_EQ(run.refused[0].code, RowCode::kTooLong);
  }
}

TEST(FindAll, RefusesWhatIsNoProgram) {
  for (const Program& wrong :
       {Program{9, 0, 0, 0}, Program{kSet, 0, 0, 0}, Program{kSet, 2, 0, 0, kMatch, 0, 0, 0},
        Program{kJump, 1, 0, 0}, Program{kSplit, 0, 1, 0}, Program{kLook, 0, 0, 0},
        Program{kRun, 0, 3, 2, kMatch, 0, 0, 0}, Program{kSave, 2, 0, 0, kMatch, 0, 0, 0},
        Program{kAt, 7, 0, 0, kMatch, 0, 0, 0}}) {
    EXPECT_NE(refusal(wrong).find("which is no instruction"), std::string::npos) << refusal(wrong);
  }
  EXPECT_NE(refusal({kMatch, 0, 0}).find("expected four for each"), std::string::npos);
}

TEST(FindAll, RefusesSetsThatAreNoRanges) {
  const auto error = [](const std::vector<std::int64_t>& ranges,
                        const std::vector<std::int64_t>& starts) {
    const NodeSpec spec{
        {},
        {integer_tensor("program", {kMatch, 0, 0, 0}), integer_tensor("set_ranges", ranges),
         integer_tensor("set_starts", starts)}};
    return load_error("find_all", spec, {ValueType{ValueKind::kStrings, 1}});
  };
  EXPECT_NE(error({5, 4}, {0, 2}).find("does not ascend in set 0"), std::string::npos);
  EXPECT_NE(error({1, 2, 3}, {0, 3}).find("cuts no pairs"), std::string::npos);
  EXPECT_NE(error({1, 2}, {0, 1}).find("does not go from 0 to 2"), std::string::npos);
  EXPECT_NE(error({1, 0x110000}, {0, 2}).find("expected 0 to 1114111"), std::string::npos);
}
}  // namespace
}  // namespace bascule::testing
