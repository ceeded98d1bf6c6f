#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(UnlessAllMissing, TakesTheSecondOnlyWhereNothingIsThere) {
  const double nan = std::nan("");
  const auto run = run_node("unless_all_missing", {},
                            {matrix(2, {nan, nan, nan, 1}), numbers({5, 5}), numbers({7, 7})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{5, 7}));
}

TEST(UnlessAllMissing, RefusesTwoWidths) {
  EXPECT_NE(load_error("unless_all_missing", {},
                       {ValueType{}, ValueType{}, ValueType{ValueKind::kF64, 2}}),
            "");
}
}  // namespace
}  // namespace bascule::testing
