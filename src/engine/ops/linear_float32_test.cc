#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec two_outputs() {
  return {{}, {vector_tensor("bias", {0.1, 1}), matrix_tensor("weights", 2, {0.2, 0.3, 1, -1})}};
}

TEST(LinearFloat32, AddsRoundedProductsFromTheBiasOn) {
  const auto run = run_node("linear_float32", two_outputs(), {matrix(2, {0.7, 0.9})});
  const float first = 0.7F * 0.2F;
  const float second = 0.9F * 0.3F;
  EXPECT_EQ(run.out.f64[0], double{(0.1F + first) + second});
  EXPECT_EQ(run.out.f64[1], double{(1.0F + 0.7F) - 0.9F});
}

TEST(LinearFloat32, LeavesOutWhatIsMissing) {
  const auto run = run_node("linear_float32", two_outputs(), {matrix(2, {NAN, 2, NAN, NAN})});
  EXPECT_EQ(run.out.f64[1], -1);
  EXPECT_EQ(run.out.f64[3], 1);
}

TEST(LinearFloat32, NeedsAWeightForEachColumnAndOutput) {
  const std::string place = "step 'test -> linear_float32' (linear_float32): ";
  EXPECT_EQ(load_error("linear_float32", two_outputs(), {ValueType{ValueKind::kF64, 3}}),
            place + "tensor 'weights' has the shape [2, 2], expected [2, 3]");
  NodeSpec none = two_outputs();
  none.tensors[0] = vector_tensor("bias", {});
  EXPECT_EQ(load_error("linear_float32", none, {ValueType{ValueKind::kF64, 2}}),
            place + "tensor 'bias' has 0 elements, expected 1 to 65536");
}
}  // namespace
}  // namespace bascule::testing
