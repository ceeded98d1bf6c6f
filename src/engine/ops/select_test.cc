#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Select, TakesColumnsInTheGivenOrder) {
  const auto run = run_node("select", {{}, {integer_tensor("columns", {2, 0, 2})}},
                            {matrix(3, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{3, 1, 3, 6, 4, 6}));
}

TEST(Select, RenumbersTheColumnsOfASparseBlock) {
  const auto run = run_node("select", {{}, {integer_tensor("columns", {1, 4})}},
                            {sparse(5, {{{0, 9}, {1, 1}, {4, 4}}, {{3, 9}}})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 4}));
}

TEST(Select, RefusesAColumnOutOfRange) {
  for (const std::int64_t column : {-1, 3}) {
    const auto error = load_error("select", {{}, {integer_tensor("columns", {0, column})}},
                                  {ValueType{ValueKind::kF64, 3}});
    EXPECT_EQ(error, fmt::format("step 'test -> select' (select): tensor 'n0.columns' has {} at "
                                 "position 1, expected 0 to 2",
                                 column));
  }
}

TEST(Select, PutsASparseBlockIntoAnotherOrder) {
  const auto run = run_node("select", {{}, {integer_tensor("columns", {4, 0, 2})}},
                            {sparse(5, {{{0, 9}, {1, 1}, {4, 4}}, {{3, 9}}, {{2, 7}}})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{4, 9, 7}));
}

TEST(Select, RefusesASparseSelectionThatTakesAColumnTwice) {
  EXPECT_EQ(load_error("select", {{}, {integer_tensor("columns", {1, 1})}},
                       {ValueType{ValueKind::kCsr, 3}}),
            "step 'test -> select' (select): tensor 'columns' has 1 twice, which a sparse block "
            "cannot give");
}
}  // namespace
}  // namespace bascule::testing
