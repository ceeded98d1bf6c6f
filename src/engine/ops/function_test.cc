#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> apply(const char* name, std::vector<double> x) {
  return run_node("function", {{{"name", Json(name)}}, {}}, {numbers(std::move(x))}).out.f64;
}

TEST(Function, IsNumpysAtTheEdges) {
  EXPECT_EQ(apply("sign", {-2, -0.0, 3}), (std::vector<double>{-1, 0, 1}));
  EXPECT_TRUE(std::isnan(apply("sign", {NAN})[0]));
  EXPECT_EQ(apply("rint", {0.5, 1.5, -2.5}), (std::vector<double>{0, 2, -2}));
  EXPECT_EQ(apply("reciprocal", {0.0, 4}), (std::vector<double>{INFINITY, 0.25}));
  EXPECT_EQ(apply("log1p", {1e-300, -1}), (std::vector<double>{1e-300, -INFINITY}));
  EXPECT_TRUE(std::isnan(apply("sqrt", {-1})[0]));
}

TEST(Function, IsOfTheStoredCellsOfASparseBlock) {
  const auto run =
      run_node("function", {{{"name", Json("sqrt")}}, {}}, {sparse(3, {{{1, 9}, {2, 0.25}}, {}})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{3, 0.5}));
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{1, 2}));
}

TEST(Function, IsRefusedByNameWhenUnknown) {
  const auto error = load_error("function", {{{"name", Json("gamma")}}, {}}, {ValueType{}});
  EXPECT_NE(error.find("gamma"), std::string::npos) << error;
}
}  // namespace
}  // namespace bascule::testing
