#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec machine(std::vector<std::int64_t> counts) {
  return {{},
          {integer_tensor("counts", counts), matrix_tensor("coef", 4, {1, 2, 3, 4, 10, 20, 30, 40}),
           vector_tensor("bias", {0.5, 0.25, 0})}};
}

// Class 0 has the vectors 0 and 1; its pair with class 2 takes the second row of the coefficients
// for them, and the first row for class 2's own.
TEST(OneVsOne, GivesEachPairItsOwnVectorsAndCoefficients) {
  const auto run = run_node("one_vs_one", machine({2, 1, 1}), {matrix(4, {1, 1, 1, 1})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1 + 2 + 3 + 0.5, 10 + 20 + 4 + 0.25, 30 + 40}));
}

TEST(OneVsOne, AnInfinityOfAnotherClassDisturbsNothing) {
  const auto run = run_node("one_vs_one", machine({2, 1, 1}), {matrix(4, {1, 1, 1, INFINITY})});
  EXPECT_EQ(run.out.f64[0], 6.5);
  EXPECT_EQ(run.out.f64[1], INFINITY);
}

TEST(OneVsOne, RefusesCountsThatAreNotItsVectors) {
  EXPECT_EQ(load_error("one_vs_one", machine({2, 1, 2}), {ValueType{ValueKind::kF64, 4}}),
            "step 'test -> one_vs_one' (one_vs_one): tensor 'counts' adds up to 5, expected the 4 "
            "columns of the input");
  EXPECT_NE(load_error("one_vs_one", machine({4}), {ValueType{ValueKind::kF64, 4}}), "");
}
}  // namespace
}  // namespace bascule::testing
