#include "base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/result.h"

namespace bascule {
namespace {

constexpr int kCodes = static_cast<int>(Code::kInternal) + 1;

TEST(Error, EveryCodeHasANameOfItsOwnAndAnErrorStatus) {
  std::set<std::string> names;
  for (int i = 0; i < kCodes; ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_TRUE(names.insert(std::string(code_name(code))).second) << code_name(code);
    EXPECT_GE(http_status(code), 400);
    EXPECT_GT(grpc_status(code), 0);
    EXPECT_LE(grpc_status(code), 16);
  }
}

TEST(Error, AClientGetsBackTheCodeThatTheServerMeant) {
  for (int i = 0; i < kCodes; ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(code_of_http_status(http_status(code)), code) << code_name(code);
  }
  EXPECT_EQ(code_of_http_status(418), Code::kInternal);
}

TEST(Error, StatusesAreTheOnesOfTheHeader) {
  EXPECT_EQ(http_status(Code::kMoved), 412);
  EXPECT_EQ(http_status(Code::kNeedsRevision), 428);
  EXPECT_EQ(http_status(Code::kStorageFull), 507);
  EXPECT_EQ(grpc_status(Code::kNotFound), 5);
  EXPECT_EQ(grpc_status(Code::kUnavailable), 14);
}

Result<int> half(int value) {
  if (value % 2 != 0) {
    return fail(Code::kInvalid, "{} is odd", value);
  }
  return value / 2;
}

Result<int> quarter(int value) {
  BASCULE_TRY(const int once, half(value));
  auto twice = half(once);
  if (!twice) {
    return prefixed("second half", std::move(twice.error()));
  }
  return twice;
}

TEST(Result, TryHandsOnTheValueOrTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(7).error().message, "7 is odd");
  EXPECT_EQ(quarter(6).error().message, "second half: 3 is odd");
  EXPECT_EQ(quarter(6).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace bascule
