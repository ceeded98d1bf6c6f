#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// 1e16 + 1 + 1 + -1e16 from the left is 0; the bias comes last.
TEST(Linear, AddsProductsInColumnOrderAndTheBiasLast) {
  const NodeSpec spec{
      {},
      {matrix_tensor("weights", 4, {1, 1, 1, 1, 1, 0, 0, 1}), vector_tensor("bias", {0.5, 0.25})}};
  const auto run = run_node("linear", spec, {matrix(4, {1e16, 1, 1, -1e16})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.5, 0.25}));
}

TEST(Linear, RoundsEachProductBeforeItIsAdded) {
  const double x = 1 + 0x1p-30;
  const NodeSpec spec{{}, {matrix_tensor("weights", 2, {-1, x})}};
  const auto run = run_node("linear", spec, {matrix(2, {1 + 0x1p-29, x})});
  EXPECT_EQ(run.out.f64[0], 0) << "a fused multiply and add would leave 0x1p-60";
}

TEST(Linear, SkipsWhatASparseBlockDoesNotStore) {
  const NodeSpec spec{{}, {matrix_tensor("weights", 3, {INFINITY, 2, 3})}};
  const auto run = run_node("linear", spec, {sparse(3, {{{1, 10}, {2, 1}}, {}})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{23, 0}));
}

TEST(Linear, RefusesWeightsOfAnotherWidth) {
  EXPECT_EQ(load_error("linear", {{}, {matrix_tensor("weights", 3, {1, 2, 3})}},
                       {ValueType{ValueKind::kF64, 2}}),
            "step 'test -> linear' (linear): tensor 'weights' has the shape [1, 3], expected "
            "[any, 2]");
}
}  // namespace
}  // namespace bascule::testing
