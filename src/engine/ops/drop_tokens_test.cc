#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(DropTokens, KeepsTheOrderOfTheOthers) {
  const auto run = run_node("drop_tokens", {{}, string_tensors("words", {"the", "of"})},
                            {tokens({{"the", "end", "of", "the", "road"}, {}, {"of"}})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"end", "road"}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 2, 2, 2}));
}
}  // namespace
}  // namespace bascule::testing
