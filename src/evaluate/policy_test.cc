#include "evaluate/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace bascule {
namespace {

using testing::HasSubstr;

void expect_refused(const Policy& policy, const std::string& member) {
  const auto status = validate(policy);
  ASSERT_FALSE(status) << member;
  EXPECT_EQ(status.error().code, Code::kInvalid);
  EXPECT_THAT(status.error().message, HasSubstr(member));
}

TEST(Policy, OfDefaultsIsAccepted) {
  EXPECT_TRUE(validate(Policy{}));
}

TEST(Policy, ThatCannotFailIsRefused) {
  Policy policy;
  policy.min_labelled = 0;
  expect_refused(policy, "min_labelled");
  policy = {};
  policy.min_positives = 1;
  expect_refused(policy, "min_positives");
  policy = {};
  policy.min_coverage = 0;
  expect_refused(policy, "min_coverage");
  policy = {};
  policy.max_auc_loss = 0.5;
  expect_refused(policy, "max_auc_loss");
  policy = {};
  policy.max_accuracy_loss = 1;
  expect_refused(policy, "max_accuracy_loss");
  policy = {};
  policy.max_rmse_increase = 10;
  expect_refused(policy, "max_rmse_increase");
}

TEST(Policy, ThatNobodyCanMeetOrReadIsRefused) {
  Policy policy;
  policy.min_coverage = 1.01;
  expect_refused(policy, "min_coverage");
  policy = {};
  policy.max_auc_loss = -0.1;
  expect_refused(policy, "max_auc_loss");
  policy.max_auc_loss = std::nan("");
  expect_refused(policy, "max_auc_loss");
  policy = {};
  policy.threshold = std::nan("");
  expect_refused(policy, "threshold");
  policy = {};
  policy.actions = {"pass", "pass"};
  expect_refused(policy, "actions");
}

TEST(Policy, IsWrittenWithEveryMember) {
  Policy policy;
  EXPECT_EQ(policy_json(policy),
            R"({"actions":["pass","flag"],"max_accuracy_loss":0.005,"max_auc_loss":0.005,)"
            R"("max_rmse_increase":0.02,"min_coverage":0.99,"min_labelled":500,)"
            R"("min_positives":20,"threshold":null})");
  policy.threshold = 0.5;
  EXPECT_THAT(policy_json(policy), HasSubstr(R"("threshold":0.5)"));
}

}  // namespace
}  // namespace bascule
