#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(IsMissing, KnowsNaNFromInfinity) {
  EXPECT_EQ(run_node("is_missing", {}, {matrix(2, {NAN, INFINITY})}).out.f64,
            (std::vector<double>{1, 0}));
}

TEST(IsMissing, KnowsAMissingTextFromAnEmptyOne) {
  EXPECT_EQ(run_node("is_missing", {}, {texts({"", std::nullopt, "a"})}).out.f64,
            (std::vector<double>{0, 1, 0}));
}
}  // namespace
}  // namespace bascule::testing
