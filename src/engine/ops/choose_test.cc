#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> chosen(Cells condition) {
  std::vector<Cells> inputs;
  inputs.push_back(std::move(condition));
  inputs.push_back(matrix(2, {1, 2, 3, 4}));
  inputs.push_back(matrix(2, {5, 6, 7, 8}));
  return run_node("choose", {}, std::move(inputs)).out.f64;
}

TEST(Choose, IsNumpysWhere) {
  EXPECT_EQ(chosen(matrix(2, {1, 0, 0, -3})), (std::vector<double>{1, 6, 7, 4}));
  EXPECT_EQ(chosen(numbers({0, 1})), (std::vector<double>{5, 6, 3, 4}));
}

TEST(Choose, RefusesWidthsThatDoNotFit) {
  const ValueType two{ValueKind::kF64, 2};
  EXPECT_NE(load_error("choose", {}, {ValueType{ValueKind::kF64, 3}, two, two}), "");
}
}  // namespace
}  // namespace bascule::testing
