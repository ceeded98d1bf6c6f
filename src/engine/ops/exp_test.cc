#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Exp, IsTheCLibrarys) {
  const auto run = run_node("exp", {}, {numbers({0, 1, -INFINITY, 1000})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, std::exp(1.0), 0, INFINITY}));
}
}  // namespace
}  // namespace bascule::testing
