#include "package/testing.h"

#include <gtest/gtest.h>

#include "package/package.h"

namespace bascule {
namespace {

std::shared_ptr<const Package> open(const TinyLogistic& options) {
  auto package = Package::open(tiny_logistic_package(options));
  EXPECT_TRUE(package) << package.error().message;
  return *package;
}

TEST(TinyLogistic, IsAPackageThatTheReaderAccepts) {
  const auto package = open({});
  EXPECT_EQ(package->manifest().inputs.size(), 2U);
  EXPECT_EQ(package->manifest().score.output, "predict_proba");
  EXPECT_EQ(package->find("mean")->count(), 2U);
  EXPECT_EQ(package->find("none"), nullptr);
}

TEST(TinyLogistic, TheSameOptionsGiveTheSameBytesAndOtherNotesTheSameFingerprint) {
  const auto first = open({.columns = {"a", "b", "c"}, .weights = {1, -2, 0.5}, .bias = 0.25});
  const auto again = open({.columns = {"a", "b", "c"}, .weights = {1, -2, 0.5}, .bias = 0.25});
  const auto noted =
      open({.columns = {"a", "b", "c"}, .weights = {1, -2, 0.5}, .bias = 0.25, .notes = "again"});
  const auto other = open({.columns = {"a", "b", "c"}, .weights = {1, -2, 0.75}, .bias = 0.25});
  EXPECT_EQ(first->digest(), again->digest());
  EXPECT_NE(first->digest(), noted->digest());
  EXPECT_EQ(first->manifest().fingerprint, noted->manifest().fingerprint);
  EXPECT_NE(first->manifest().fingerprint, other->manifest().fingerprint);
}

TEST(TinyLogistic, MayNameItsModel) {
  EXPECT_EQ(open({.model = "fraud/charge"})->manifest().model, "fraud/charge");
}

}  // namespace
}  // namespace bascule
