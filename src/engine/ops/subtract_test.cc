#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Subtract, SubtractsPerColumn) {
  const auto run = run_node("subtract", {{}, {vector_tensor("by", {0.1, 1.0})}},
                            {matrix(2, {0.3, 1, 0.1, NAN})});
  EXPECT_EQ(run.out.f64[0], 0.19999999999999998);
  EXPECT_EQ(run.out.f64[1], 0.0);
  EXPECT_EQ(run.out.f64[2], 0.0);
  EXPECT_TRUE(std::isnan(run.out.f64[3]));
}

TEST(Subtract, RefusesASparseBlockWhoseZerosItWouldChange) {
  EXPECT_EQ(
      load_error("subtract", {{}, {vector_tensor("by", {1, 2})}}, {ValueType{ValueKind::kCsr, 2}}),
      "step 'test -> subtract' (subtract): input 0 is csr[2], expected f64[2]");
}

TEST(Subtract, RefusesATensorAndAnAttributeThatItDoesNotKnow) {
  const NodeSpec tensor{{}, {vector_tensor("by", {1}), vector_tensor("scale", {1})}};
  EXPECT_EQ(load_error("subtract", tensor, {ValueType{}}),
            "step 'test -> subtract' (subtract): has a tensor 'scale' that the operator does not "
            "know");
  const NodeSpec attribute{{{"axis", Json(std::int64_t{1})}}, {vector_tensor("by", {1})}};
  EXPECT_EQ(load_error("subtract", attribute, {ValueType{}}),
            "step 'test -> subtract' (subtract): has an attribute 'axis' that the operator does "
            "not know");
}
}  // namespace
}  // namespace bascule::testing
