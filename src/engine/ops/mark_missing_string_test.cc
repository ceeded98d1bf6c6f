#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeRun marked(bool refuse_missing) {
  const NodeSpec spec{{{"value", Json("?")}, {"refuse_missing", Json(refuse_missing)}}, {}};
  return run_node("mark_missing_string", spec, {texts({"a", "?", std::nullopt, "", "??"})});
}

TEST(MarkMissingString, MarksWhatEqualsTheValueAndKeepsTheEmptyText) {
  const auto run = marked(false);
  EXPECT_EQ(run.out.valid, (std::vector<std::uint8_t>{1, 0, 0, 1, 1}));
  EXPECT_EQ(run.out.strings[4], "??");
  EXPECT_FALSE(run.refused.any());
}

TEST(MarkMissingString, RefusesWhatIsMissingAlreadyWhenToldTo) {
  const auto run = marked(true);
  EXPECT_EQ(run.refused.count(), 1);
  EXPECT_EQ(run.refused[2].code, RowCode::kMissing);
}
}  // namespace
}  // namespace bascule::testing
