#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(ToCsr, StoresWhatIsNotZero) {
  const auto run = run_node("to_csr", {}, {matrix(3, {0, 5, -0.0, 0, 0, 0, 1, 0, 2})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 1, 1, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{5, 1, 2}));
}

TEST(ToCsr, StoresNaN) {
  const auto run = run_node("to_csr", {}, {matrix(2, {std::nan(""), 0})});
  ASSERT_EQ(run.out.f64.size(), 1U);
  EXPECT_TRUE(std::isnan(run.out.f64[0]));
}

TEST(ToCsr, ReadsDenseNumbersOnly) {
  EXPECT_NE(load_error("to_csr", {}, {ValueType{ValueKind::kCsr, 2}}), "");
}
}  // namespace
}  // namespace bascule::testing
