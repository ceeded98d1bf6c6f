#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Predictions of binary:logistic by XGBoost 3.2 for these base margins and no trees. The first
// would be 0.00677646463... as a float64 sigmoid that is rounded at the end.
TEST(SigmoidFloat32, IsTheLinkOfXGBoost) {
  const auto run =
      run_node("sigmoid_float32", {}, {numbers({-4.987500190734863, 0, 1, -2.5, 90, -90, -1000})});
  EXPECT_EQ(run.out.f64,
            (std::vector<double>{0.006776465103030205, 0.5, 0.7310585975646973, 0.07585817575454712,
                                 1, 3.006635794144578e-39, 3.006635794144578e-39}));
}
}  // namespace
}  // namespace bascule::testing
