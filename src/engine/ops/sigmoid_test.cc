#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// scipy.special.expit of the same numbers.
TEST(Sigmoid, IsExpit) {
  const auto run = run_node("sigmoid", {}, {numbers({0, 1, -1, 800, -800, -37})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.5, 0.7310585786300049, 0.2689414213699951, 1, 0,
                                              8.533047625744066e-17}));
}
}  // namespace
}  // namespace bascule::testing
