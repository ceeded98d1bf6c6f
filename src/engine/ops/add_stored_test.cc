#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(AddStored, LeavesWhatIsNotStored) {
  const auto run =
      run_node("add_stored", {{{"by", Json(1.0)}}, {}}, {sparse(3, {{{1, 0}}, {}, {{0, 2}}})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 1, 1, 2}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{1, 3}));
}

TEST(AddStored, RefusesAMissingNumber) {
  EXPECT_EQ(load_error("add_stored", {}, {ValueType{ValueKind::kCsr, 3}}),
            "step 'test -> add_stored' (add_stored): attribute 'by' is missing");
}
}  // namespace
}  // namespace bascule::testing
