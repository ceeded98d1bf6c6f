#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Predictions of count:poisson by XGBoost 3.2 for these base margins and no trees.
TEST(ExpFloat32, IsTheLinkOfXGBoost) {
  const auto run = run_node("exp_float32", {}, {numbers({0, 1, -2.5, 90, -110})});
  EXPECT_EQ(run.out.f64,
            (std::vector<double>{1, 2.7182817459106445, 0.08208499848842621, INFINITY, 0}));
}
}  // namespace
}  // namespace bascule::testing
