#include "evaluate/statistics.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

TEST(Mcnemar, IsExactWhenFewRowsDiffer) {
  const auto test = mcnemar(11, 1);
  EXPECT_DOUBLE_EQ(test.chi_square, 6.75);
  EXPECT_TRUE(test.exact);
  EXPECT_NEAR(test.p, 0.0063477, 0.5e-7);
  EXPECT_NEAR(mcnemar_chi_square_p(test.chi_square), 0.009375, 0.5e-6);
}

TEST(Mcnemar, UsesChiSquareFromTwentyFiveRowsOn) {
  const auto test = mcnemar(25, 15);
  EXPECT_DOUBLE_EQ(test.chi_square, 2.025);
  EXPECT_FALSE(test.exact);
  EXPECT_NEAR(test.p, 0.15473, 0.5e-5);
  EXPECT_NEAR(mcnemar_exact_p(25, 15), 0.15386, 0.5e-5);
  EXPECT_TRUE(mcnemar(12, 12).exact);
  EXPECT_FALSE(mcnemar(12, 13).exact);
}

TEST(Mcnemar, SeesNoDifferenceInEqualCounts) {
  EXPECT_EQ(mcnemar(0, 0).p, 1);
  EXPECT_EQ(mcnemar(7, 7).p, 1);
  EXPECT_EQ(mcnemar(50, 50).p, 1);
}

TEST(Mcnemar, DoesNotCareWhichSideIsWhich) {
  EXPECT_EQ(mcnemar(3, 9).p, mcnemar(9, 3).p);
  EXPECT_EQ(mcnemar(30, 90).p, mcnemar(90, 30).p);
}

TEST(Student, AgreesWithScipy) {  // scipy.stats.t.ppf(0.975, degrees)
  EXPECT_NEAR(student_t_975(10), 2.228138851986274, 1e-5);
  EXPECT_NEAR(student_t_975(19), 2.0930240544083087, 1e-6);
  EXPECT_NEAR(student_t_975(31), 2.039513446396408, 1e-7);
  EXPECT_NEAR(student_t_975(63), 1.998340542520741, 1e-8);
}

TEST(Normal, AgreesWithTheUsualPoints) {
  EXPECT_NEAR(normal_two_sided_p(kNormal975), 0.05, 1e-15);
  EXPECT_EQ(normal_two_sided_p(0), 1);
  EXPECT_EQ(normal_two_sided_p(-3), normal_two_sided_p(3));
}

TEST(LogLoss, IsFiniteForTheSurest) {
  EXPECT_NEAR(log_loss(0, true), 34.538776394910684, 1e-12);
  EXPECT_NEAR(log_loss(1, false), 34.538776394910684, 0.1);  // 1 - 1e-15 has few digits left
  EXPECT_NEAR(log_loss(0.25, false), 0.2876820724517809, 1e-15);
}

}  // namespace
}  // namespace bascule
