#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec within(double radius, const std::vector<double>& points, std::string metric) {
  return {{{"metric", Json(std::move(metric))},
           {"radius", Json(radius)},
           {"search", Json(std::string("scan"))}},
          {matrix_tensor("points", 1, points)}};
}

TEST(Within, IncludesTheRadiusAndAscends) {
  const auto run = run_node("within", within(2, {7, 5, 2, 3}, "manhattan"), {numbers({5})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_EQ(run.out.f64, (std::vector<double>{2, 0, 2})) << "a distance of 0 is stored";
}

TEST(Within, GivesOnesWhenOnlyConnected) {
  auto spec = within(2, {7, 5}, "euclidean");
  spec.attrs.emplace(spec.attrs.begin(), "connectivity", Json(true));
  EXPECT_EQ(run_node("within", spec, {numbers({5})}).out.f64, (std::vector<double>{1, 1}));
}

TEST(Within, GivesAnEmptyRowWhereNothingIsNear) {
  EXPECT_EQ(run_node("within", within(1, {7}, "euclidean"), {numbers({5})}).out.starts,
            (std::vector<std::uint32_t>{0, 0}));
}

TEST(Within, RefusesARadiusThatIsNoNumber) {
  auto spec = within(1, {7}, "euclidean");
  spec.attrs[1].second = Json(std::string("wide"));
  EXPECT_EQ(load_error("within", spec, {ValueType{}}),
            "step 'test -> within' (within): attribute 'radius' is not a finite number");
}
}  // namespace
}  // namespace bascule::testing
