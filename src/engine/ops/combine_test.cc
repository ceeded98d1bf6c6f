#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> combined(const char* how, Cells left, Cells right) {
  std::vector<Cells> inputs;
  inputs.push_back(std::move(left));
  inputs.push_back(std::move(right));
  return run_node("combine", {{{"how", Json(std::string(how))}}, {}}, std::move(inputs)).out.f64;
}

TEST(Combine, GoesCellByCell) {
  EXPECT_EQ(combined("subtract", matrix(2, {1, 2, 3, 4}), matrix(2, {1, 1, 1, 0})),
            (std::vector<double>{0, 1, 2, 4}));
  EXPECT_EQ(combined("power", numbers({2, 9}), numbers({3, 0.5})), (std::vector<double>{8, 3}));
}

TEST(Combine, SpreadsASingleColumn) {
  EXPECT_EQ(combined("divide", matrix(2, {1, 2, 3, 4}), numbers({1, 2})),
            (std::vector<double>{1, 2, 1.5, 2}));
  EXPECT_EQ(combined("subtract", numbers({1, 2}), matrix(2, {1, 2, 3, 4})),
            (std::vector<double>{0, -1, -1, -2}));
}

TEST(Combine, LetsNanWinAsNumpyDoes) {
  for (const double value : combined("minimum", numbers({NAN, 1}), numbers({1, NAN}))) {
    EXPECT_TRUE(std::isnan(value));
  }
  for (const double value : combined("maximum", numbers({NAN, 1}), numbers({1, NAN}))) {
    EXPECT_TRUE(std::isnan(value));
  }
}

TEST(Combine, RefusesWidthsThatDoNotFit) {
  EXPECT_EQ(load_error("combine", {{{"how", Json("add")}}, {}},
                       {ValueType{ValueKind::kF64, 2}, ValueType{ValueKind::kF64, 3}}),
            "step 'test -> combine' (combine): the inputs have 2 and 3 columns, expected as many "
            "or 1");
}

TEST(Combine, AddsUnderTheLogarithm) {
  const auto y = combined("logaddexp", numbers({0, -INFINITY, -INFINITY, 1, 700, INFINITY}),
                          numbers({0, -INFINITY, 2, NAN, 710, INFINITY}));
  EXPECT_EQ(y[0], std::numbers::ln2);
  EXPECT_EQ(y[1], -INFINITY);
  EXPECT_EQ(y[2], 2);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_DOUBLE_EQ(y[4], 710 + std::log1p(std::exp(-10.0)));
  EXPECT_EQ(y[5], INFINITY);
}
}  // namespace
}  // namespace bascule::testing
