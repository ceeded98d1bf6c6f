#include <gtest/gtest.h>

#include <limits>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ToSparse, StoresWhatIsNotZero) {
  const auto run = run_node("to_sparse", {}, {matrix(3, {0, 2, -0.0, kNaN, 0, 1})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 0, 2}));
}

TEST(ToSparse, StoresZerosAndLeavesOutWhatIsMissingWhenAsked) {
  const auto run =
      run_node("to_sparse", {{{"missing", Json(true)}}, {}}, {matrix(3, {0, kNaN, 5})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{0, 5}));
}
}  // namespace
}  // namespace bascule::testing
