#include "base/checked.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace bascule {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Checked, AnswersUpToTheLastValueThatFits) {
  EXPECT_EQ(checked_add(kMax - 1, 1), kMax);
  EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
  EXPECT_EQ(checked_multiply(kMax / 2, 2), kMax - 1);
  EXPECT_EQ(checked_multiply(kMax / 2 + 1, 2), std::nullopt);
}

TEST(Checked, AProductThatWrapsToZeroIsNotZero) {
  const std::array<std::uint64_t, 2> wraps{std::uint64_t{1} << 32, std::uint64_t{1} << 32};
  EXPECT_EQ(checked_product(wraps), std::nullopt);
  EXPECT_EQ(checked_product({}), 1U);
}

TEST(Checked, RoundsUpToTheNextMultiple) {
  EXPECT_EQ(checked_round_up(0, 64), 0U);
  EXPECT_EQ(checked_round_up(1, 64), 64U);
  EXPECT_EQ(checked_round_up(64, 64), 64U);
  EXPECT_EQ(checked_round_up(kMax - 62, 64), std::nullopt);
}

}  // namespace
}  // namespace bascule
