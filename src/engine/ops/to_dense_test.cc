#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(ToDense, WritesZeroWhereNothingIsStored) {
  const auto run = run_node("to_dense", {}, {sparse(3, {{{1, 5}}, {}, {{0, 1}, {2, 2}}})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0, 5, 0, 0, 0, 0, 1, 0, 2}));
}

TEST(ToDense, RefusesMoreColumnsThanABlockMayHave) {
  for (const std::size_t width : {65'536, 65'537}) {
    const auto plan = TestGraph()
                          .column("x", fmt::format("sparse[{}]", width))
                          .node("to_dense", {"column:x"}, "y")
                          .output("y", "y", width)
                          .load();
    EXPECT_EQ(plan.has_value(), width == 65'536);
  }
}
}  // namespace
}  // namespace bascule::testing
