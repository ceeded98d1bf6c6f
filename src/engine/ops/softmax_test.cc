#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Softmax, DoesNotOverflow) {
  const auto run = run_node("softmax", {}, {matrix(2, {1000, 1000, -1000, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.5, 0.5, 0, 1}));
}

TEST(Softmax, SubtractsTheLargestThenDividesByTheSumFromTheLeft) {
  const auto run = run_node("softmax", {}, {matrix(3, {0.1, 0.7, 0.2})});
  // Not folded by the compiler: the C library's bits depend on the processor.
  const volatile double low = 0.1 - 0.7;
  const volatile double middle = 0.2 - 0.7;
  const double a = std::exp(low);
  const double c = std::exp(middle);
  const double sum = a + 1.0 + c;
  EXPECT_EQ(run.out.f64, (std::vector<double>{a / sum, 1.0 / sum, c / sum}));
}
}  // namespace
}  // namespace bascule::testing
