#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(FillMissingString, LeavesAnEmptyText) {
  const auto run = run_node("fill_missing_string", {{{"value", Json(std::string("none"))}}, {}},
                            {texts({"", std::nullopt, "a"})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"", "none", "a"}));
  EXPECT_EQ(run.out.valid, (std::vector<std::uint8_t>{1, 1, 1}));
}
}  // namespace
}  // namespace bascule::testing
