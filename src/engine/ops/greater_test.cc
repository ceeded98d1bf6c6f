#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Greater, IsStrictAndFalseForNaN) {
  const auto run = run_node("greater", {{{"than", Json(0.5)}}, {}},
                            {numbers({0.5, std::nextafter(0.5, 1), NAN, INFINITY})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{0, 1, 0, 1}));
}
}  // namespace
}  // namespace bascule::testing
