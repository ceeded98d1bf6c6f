#include <gtest/gtest.h>

#include "engine/murmur3.h"
#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Each is what sklearn.utils.murmurhash3_32(text, seed=0, positive=True) gives.
TEST(Murmur3, HashesAsScikitLearnDoes) {
  EXPECT_EQ(murmur3_32(""), 0U);
  EXPECT_EQ(murmur3_32("a"), 1009084850U);
  EXPECT_EQ(murmur3_32("abcd"), 1139631978U);
  EXPECT_EQ(murmur3_32("caf\u00E9 na\u00EFve"), 3884255150U);
}

TEST(Murmur3, ChoosesTheColumnOfTheSmallestHashAsScikitLearnDoes) {
  EXPECT_EQ(hash_column(0x80000000U, 7), (2147483647U - 6) % 7);
}

TEST(HashTokens, CountsInTheColumnsOfTheHash) {
  const NodeSpec spec{{{"width", Json(std::int64_t{4})}}, {}};
  const auto run = run_node("hash_tokens", spec, {tokens({{"a", "b", "a"}, {}})});
  EXPECT_EQ(run.out.type, (ValueType{ValueKind::kCsr, 4}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 2}));
}

TEST(HashTokens, KeepsCellsThatCancelOut) {
  const NodeSpec spec{{{"width", Json(std::int64_t{1})}, {"signs", Json(true)}}, {}};
  const auto run = run_node("hash_tokens", spec, {tokens({{"a", "b"}})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{0}));
}

TEST(HashTokens, GivesOneForAnyCellWhenBinary) {
  const NodeSpec spec{
      {{"width", Json(std::int64_t{1})}, {"signs", Json(true)}, {"binary", Json(true)}}, {}};
  EXPECT_EQ(run_node("hash_tokens", spec, {tokens({{"a", "b"}})}).out.f64,
            (std::vector<double>{1}));
}

TEST(HashTokens, RefusesAWidthBeyondTheLimit) {
  const NodeSpec spec{{{"width", Json(std::int64_t{16'777'217})}}, {}};
  EXPECT_EQ(load_error("hash_tokens", spec, {ValueType{ValueKind::kTokens, 1}}),
            "step 'test -> hash_tokens' (hash_tokens): attribute 'width' is 16777217, expected 1 "
            "to 16777216");
}
}  // namespace
}  // namespace bascule::testing
