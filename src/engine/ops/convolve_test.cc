#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// (1 + 2z + 3z^2)(4 + 5z + 6z^2) with z^3 = 1.
TEST(Convolve, MultipliesPolynomialsThatComeRound) {
  const auto run =
      run_node("convolve", {}, {matrix(3, {1, 2, 3, 0, 1, 0}), matrix(3, {4, 5, 6, 7, 8, 9})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{31, 31, 28, 9, 7, 8}));
}

TEST(Convolve, RefusesBlocksOfDifferentWidthAndOfVeryMany) {
  const ValueType wide{ValueKind::kF64, 5000};
  EXPECT_NE(load_error("convolve", {}, {ValueType{}, ValueType{ValueKind::kF64, 2}}), "");
  EXPECT_NE(load_error("convolve", {}, {wide, wide}), "");
}
}  // namespace
}  // namespace bascule::testing
