#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Predictions of multi:softprob by XGBoost 3.2 for these base margins and no trees.
TEST(SoftmaxFloat32, IsTheLinkOfXGBoost) {
  const std::vector<float> margins = {0.1F, 0.7F, 0.2F, 1000, 1000, -1000, 0.3F, 0.2F, -0.5F};
  const auto run = run_node("softmax_float32", {},
                            {matrix(3, std::vector<double>(margins.begin(), margins.end()))});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.2546285390853882, 0.46396341919898987,
                                              0.28140804171562195, 0.5, 0.5, 0, 0.4247787892818451,
                                              0.384355753660202, 0.1908654123544693}));
}
}  // namespace
}  // namespace bascule::testing
