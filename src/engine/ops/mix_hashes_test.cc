#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
const ValueType kInteger{ValueKind::kI64};

TEST(MixHashes, WrapsInSixtyFourBitsAndKnowsTheOrder) {
  EXPECT_EQ(run_node("mix_hashes", {}, {integers({7})}).out.i64[0], -3775808906552846097);
  EXPECT_EQ(run_node("mix_hashes", {}, {integers({7}), integers({-3})}).out.i64[0],
            -8532344525327328832);
  EXPECT_NE(run_node("mix_hashes", {}, {integers({-3}), integers({7})}).out.i64[0],
            -8532344525327328832);
}

TEST(MixHashes, CountsAZeroAsAPart) {
  EXPECT_EQ(run_node("mix_hashes", {}, {integers({7}), integers({0})}).out.i64[0],
            5660946577901067083);
}

TEST(MixHashes, RefusesFloats) {
  EXPECT_EQ(load_error("mix_hashes", {}, {kInteger, ValueType{}}),
            "step 'test -> mix_hashes' (mix_hashes): input 1 is f64[1], expected i64[1]");
}
}  // namespace
}  // namespace bascule::testing
