#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec three_columns(bool sparse_output) {
  return {{{"width", Json(std::int64_t{3})}, {"sparse", Json(sparse_output)}},
          {integer_tensor("position", {2, -1, 0})}};
}
const std::vector<std::optional<std::int64_t>> kCodes = {
    0, 1, 2, -1, 3, std::nullopt, std::int64_t{1} << 62};

TEST(OneHot, WritesOneInTheColumnOfTheCode) {
  const auto run = run_node("one_hot", three_columns(false), {integers(kCodes)});
  EXPECT_EQ(run.out.f64,
            (std::vector<double>{0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(OneHot, StoresOneCellOrNone) {
  const auto run = run_node("one_hot", three_columns(true), {integers(kCodes)});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 1, 1, 2, 2, 2, 2, 2}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{2, 0}));
}

TEST(OneHot, RefusesAPositionOutsideOfItsWidth) {
  const NodeSpec spec{{{"width", Json(std::int64_t{3})}}, {integer_tensor("position", {0, 3})}};
  EXPECT_EQ(load_error("one_hot", spec, {ValueType{ValueKind::kI64, 1}}),
            "step 'test -> one_hot' (one_hot): tensor 'n0.position' has 3 at position 1, expected "
            "-1 to 2");
}

TEST(OneHot, RefusesATableThatDoesNotFitTheCodes) {
  const NodeSpec spec{{{"width", Json(std::int64_t{3})}}, {integer_tensor("position", {0, 1})}};
  EXPECT_EQ(load_error("one_hot", spec, {ValueType::codes(-1, 2)}),
            "step 'test -> one_hot' (one_hot): tensor 'position' has the shape [2], expected [3]");
}
}  // namespace
}  // namespace bascule::testing
