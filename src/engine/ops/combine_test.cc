#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
std::vector<double> combined(const char* how, Cells left, Cells right) {
  std::vector<Cells> inputs;
  inputs.push_back(std::move(left));
  inputs.push_back(std::move(right));
  return run_node("combine", {{{"how", Json(how)}}, {}}, std::move(inputs)).out.f64;
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
}  // namespace
}  // namespace bascule::testing
