#include "evaluate/bins.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bascule {
namespace {

TEST(ScoreBins, AreUniformInLogit) {
  for (std::size_t i = 0; i < kScoreBinEdges.size(); ++i) {
    const double p = kScoreBinEdges[i];
    const double logit = std::log(p) - std::log1p(-p);
    EXPECT_NEAR(logit, -16 + 32 * static_cast<double>(i) / 1022, 1e-9) << i;
  }
  EXPECT_EQ(kScoreBinEdges[511], 0.5);
}

TEST(ScoreBins, PutAnEdgeIntoTheUpperBin) {
  EXPECT_EQ(score_bin(0.5), 512);
  EXPECT_EQ(score_bin(std::nextafter(0.5, 0.0)), 511);
  for (std::size_t i = 0; i < kScoreBinEdges.size(); ++i) {
    ASSERT_EQ(score_bin(kScoreBinEdges[i]), static_cast<std::int32_t>(i + 1));
  }
}

TEST(ScoreBins, TakeAllProbabilitiesAndNothingElse) {
  EXPECT_EQ(score_bin(0), 0);
  EXPECT_EQ(score_bin(1), 1023);
  EXPECT_EQ(score_bin(1.5), std::nullopt);
  EXPECT_EQ(score_bin(-1e-300), std::nullopt);
  EXPECT_EQ(score_bin(std::numeric_limits<double>::quiet_NaN()), std::nullopt);
}

TEST(FixedLogLoss, IsTheLossInUnitsOfTwoToTheMinus32) {
  EXPECT_EQ(fixed_log_loss(0.5, true), 2977044472);  // ln 2 x 2^32 = 2977044471.82
  EXPECT_EQ(fixed_log_loss(0.5, false), 2977044472);
  EXPECT_EQ(fixed_log_loss(1, true), 0);  // the clip, 1e-15, is less than a unit
  EXPECT_GT(fixed_log_loss(0, true), fixed_log_loss(1e-9, true));
}

}  // namespace
}  // namespace bascule
