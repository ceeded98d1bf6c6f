#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Concat, PutsBlocksSideBySide) {
  const auto run = run_node("concat", {}, {matrix(2, {1, 2, 3, 4}), numbers({5, 6})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 2, 5, 3, 4, 6}));
}

// Single columns are gathered eight at a time; others stand before, between and behind them.
TEST(Concat, GathersAFrame) {
  for (const std::size_t before : {0U, 1U, 7U, 8U, 17U}) {
    for (const std::size_t rows : {1U, 3U, 9U}) {
      std::vector<Cells> parts;
      std::vector<std::vector<double>> expected(rows);
      const auto add = [&](std::size_t width) {
        std::vector<double> cells;
        for (std::size_t row = 0; row < rows; ++row) {
          for (std::size_t col = 0; col < width; ++col) {
            cells.push_back(static_cast<double>(100 * parts.size() + 10 * row + col));
            expected[row].push_back(cells.back());
          }
        }
        parts.push_back(matrix(width, cells));
      };
      for (std::size_t i = 0; i < before; ++i) {
        add(1);
      }
      for (const std::size_t width : {3U, 1U, 2U, 1U}) {
        add(width);
      }
      std::vector<double> all;
      for (const auto& row : expected) {
        all.insert(all.end(), row.begin(), row.end());
      }
      EXPECT_EQ(run_node("concat", {}, std::move(parts)).out.f64, all) << before << ' ' << rows;
    }
  }
}

TEST(Concat, DropsTheZerosOfADenseBlockThatBecomesSparse) {
  const auto run =
      run_node("concat", {}, {matrix(2, {0, NAN, -0.0, 3}), sparse(4, {{{3, 0}}, {}})});
  EXPECT_EQ(run.out.type, (ValueType{ValueKind::kCsr, 6}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 5, 1})) << "a stored zero stays";
  EXPECT_TRUE(std::isnan(run.out.f64[0]));
}

TEST(Concat, RefusesIntegers) {
  EXPECT_EQ(load_error("concat", {}, {ValueType{}, ValueType{ValueKind::kI64, 1}}),
            "step 'test -> concat' (concat): input 1 is i64[1], expected f64 or csr");
}
}  // namespace
}  // namespace bascule::testing
