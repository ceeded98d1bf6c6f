#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(ToSparse, StoresWhatIsNotZeroAndNaNToo) {
  const auto run = run_node("to_sparse", {}, {matrix(3, {0, 5, -0.0, 0, 0, 0, 1, 0, NAN})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 1, 1, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_EQ(run.out.f64[0], 5);
  EXPECT_TRUE(std::isnan(run.out.f64[2]));
}
}  // namespace
}  // namespace bascule::testing
