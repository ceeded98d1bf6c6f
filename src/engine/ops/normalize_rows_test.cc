#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec norm(std::string name) {
  return {{{"norm", Json(std::move(name))}}, {}};
}

TEST(NormalizeRows, DividesByEachNorm) {
  const Cells x = matrix(2, {3, -4});
  EXPECT_EQ(run_node("normalize_rows", norm("l1"), {x}).out.f64,
            (std::vector<double>{3.0 / 7, -4.0 / 7}));
  EXPECT_EQ(run_node("normalize_rows", norm("l2"), {x}).out.f64, (std::vector<double>{0.6, -0.8}));
  EXPECT_EQ(run_node("normalize_rows", norm("max"), {x}).out.f64, (std::vector<double>{0.75, -1}));
}

TEST(NormalizeRows, LeavesARowOfZeros) {
  EXPECT_EQ(run_node("normalize_rows", norm("l2"), {matrix(2, {0, 0})}).out.f64,
            (std::vector<double>{0, 0}));
}

// 1e16 + 1 + 1 from the left is 1e16; from the right it would be 1e16 + 2.
TEST(NormalizeRows, AddsInColumnOrder) {
  const auto run =
      run_node("normalize_rows", norm("l1"), {sparse(9, {{{0, 1e16}, {4, 1}, {8, 1}}, {}})});
  EXPECT_EQ(run.out.f64[0], 1);
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 3, 3}));
}

TEST(NormalizeRows, RefusesAnotherNorm) {
  EXPECT_EQ(load_error("normalize_rows", norm("l3"), {ValueType{}}),
            "step 'test -> normalize_rows' (normalize_rows): attribute 'norm' is 'l3', expected "
            "'l1', 'l2', 'max'");
}
}  // namespace
}  // namespace bascule::testing
