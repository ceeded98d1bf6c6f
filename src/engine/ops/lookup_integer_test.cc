#include <gtest/gtest.h>

#include <limits>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(LookupInteger, FindsTheEqualOneToTheLastBit) {
  const NodeSpec spec{{}, {integer_tensor("categories", {kHighest, 5, kLowest})}};
  const auto run = run_node("lookup_integer", spec,
                            {integers({kLowest, kLowest + 1, kHighest, kHighest - 1, 5, 0})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{2, -1, 0, -1, 1, -1}));
  EXPECT_EQ(run.out.type.high, 2);
}

TEST(LookupInteger, GivesAMissingOneItsOwnCodeOrRefusesIt) {
  const NodeSpec own{{{"missing", Json(std::int64_t{1})}}, {integer_tensor("categories", {5})}};
  EXPECT_EQ(run_node("lookup_integer", own, {integers({std::nullopt})}).out.i64[0], 1);
  const NodeSpec strict{{{"refuse_missing", Json(true)}}, {integer_tensor("categories", {5})}};
  EXPECT_TRUE(run_node("lookup_integer", strict, {integers({std::nullopt})}).refused.refused(0));
}

TEST(LookupInteger, RefusesACategoryThatStandsTwice) {
  EXPECT_EQ(load_error("lookup_integer", {{}, {integer_tensor("categories", {4, -1, 4})}},
                       {ValueType{ValueKind::kI64}}),
            "step 'test -> lookup_integer' (lookup_integer): tensor 'categories' has 4 twice");
}
}  // namespace
}  // namespace bascule::testing
