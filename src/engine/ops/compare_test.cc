#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec with(const char* how, std::vector<double> by) {
  return {{{"how", Json(how)}}, {vector_tensor("by", by)}};
}

TEST(Compare, ComparesWithANumberPerColumn) {
  const auto run = run_node("compare", with("greater_equal", {1, 2}), {matrix(2, {1, 1, NAN, 2})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 0, 0, 1}));
  const auto unequal = run_node("compare", with("not_equal", {1, 2}), {matrix(2, {1, 1, NAN, 2})});
  EXPECT_EQ(unequal.out.f64, (std::vector<double>{0, 1, 1, 0}));
}

TEST(Compare, ComparesTwoValues) {
  std::vector<Cells> inputs;
  inputs.push_back(matrix(2, {1, 5, 3, 4}));
  inputs.push_back(matrix(2, {2, 5, 1, 9}));
  const auto run = run_node("compare", {{{"how", Json("less")}}, {}}, std::move(inputs));
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 0, 0, 1}));
}

TEST(Compare, ComparesTheStoredCellsOfASparseBlock) {
  const auto run =
      run_node("compare", with("greater", {0, 1}), {sparse(2, {{{0, 2}, {1, 1}}, {}, {{1, 3}}})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 0, 1}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 1, 1}));
}

TEST(Compare, RefusesWhatHoldsForAbsentCells) {
  const auto error =
      load_error("compare", with("greater", {0, -1}), {ValueType{ValueKind::kCsr, 2}});
  EXPECT_NE(error.find("absent cells of column 1"), std::string::npos) << error;
}

TEST(Compare, RefusesAnotherWidth) {
  EXPECT_NE(load_error("compare", with("less", {1}), {ValueType{ValueKind::kF64, 2}}), "");
}
}  // namespace
}  // namespace bascule::testing
