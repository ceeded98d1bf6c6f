#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Concat, PutsBlocksSideBySide) {
  const auto run = run_node("concat", {}, {matrix(2, {1, 2, 3, 4}), numbers({5, 6})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 2, 5, 3, 4, 6}));
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
