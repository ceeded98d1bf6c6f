#include <gtest/gtest.h>

#include <cmath>

#include "base/limits.h"
#include "engine/plan.h"
#include "engine/testing.h"
#include "package/testing.h"

namespace bascule::testing {
namespace {
using Tensors = std::vector<TensorData>;

// y = x - 1 and the label x > 1, over golden rows that say what Python gave.
std::string verdict(Tensors tensors, std::size_t rows, bool here = true) {
  const auto plan =
      TestGraph()
          .column("x", "number")
          .node("subtract", {"column:x"}, "y", {{}, {vector_tensor("by", {1})}})
          .node("check_finite", {"y"}, "checked")
          .node("greater", {"checked"}, "class", {{{"than", Json(std::int64_t{0})}}, {}})
          .output("score", "checked")
          .label("predict", "class", 2)
          .golden(rows, std::move(tensors))
          .load();
  if (!plan) {
    return "does not load: " + plan.error().message;
  }
  const auto status = self_test(**plan, here);
  return status ? "" : status.error().message;
}

TensorData scores(std::string name, const std::vector<double>& values) {
  return f64_tensor(std::move(name), {values.size(), 1}, values);
}

Tensors golden(const std::vector<double>& x, const std::vector<double>& y,
               const std::vector<std::int64_t>& label) {
  return {vector_tensor("golden.in.0", x), scores("golden.out.0", y),
          integer_tensor("golden.out.1", label)};
}

Tensors with(Tensors tensors, TensorData more) {
  tensors.push_back(std::move(more));
  return tensors;
}

TEST(SelfTest, PassesWhatPythonGave) {
  EXPECT_EQ(verdict(golden({1, 3}, {0, 2}, {0, 1}), 2), "");
  const auto package = Package::open(tiny_logistic_package({.golden_rows = 1'000}));
  ASSERT_TRUE(package.has_value());
  EXPECT_TRUE(self_test(**Plan::load(*package), true).has_value());
}

TEST(SelfTest, NamesTheRowAndTheOutputThatDiffer) {
  EXPECT_EQ(verdict(golden({1, 3}, {0, 2.5}, {0, 1}), 2),
            "golden row 1: output 'score' column 0 is 2, but Python gave 2.5 (within 0); pack the "
            "model again, or report the difference");
  EXPECT_EQ(verdict(golden({1, 3}, {0, 2}, {1, 1}), 2),
            "golden row 0: output 'predict' column 0 is 0, but Python gave 1; pack the model "
            "again, or report the difference");
  EXPECT_NE(verdict(golden({1, 3}, {0, NAN}, {0, 1}), 2), "") << "a number is not NaN";
}

TEST(SelfTest, FindsADifferenceInTheLastOfManyBlocks) {
  const std::size_t rows = limits::kGoldenRows;
  std::vector<double> x(rows, 1);
  std::vector<double> y(rows, 0);
  const std::vector<std::int64_t> label(rows, 0);
  EXPECT_EQ(verdict(golden(x, y, label), rows), "");
  y.back() = 1;
  EXPECT_EQ(verdict(golden(x, y, label), rows).find("golden row 1023: "), 0);
}

TEST(SelfTest, AppliesTheBoundOfTheMachine) {
  auto tensors = golden({1}, {0.25}, {0});
  tensors.push_back(scores("golden.bound.here.0", {0.125}));
  tensors.push_back(scores("golden.bound.anywhere.0", {0.25}));
  EXPECT_NE(verdict(tensors, 1, true), "");
  EXPECT_EQ(verdict(tensors, 1, false), "");
}

TEST(SelfTest, DoesNotCompareTheLabelOfANearTie) {
  const auto tensors = golden({1, 1}, {0, 0}, {1, 0});
  EXPECT_NE(verdict(tensors, 2), "");
  const std::vector<std::uint8_t> tie = {1, 0};
  EXPECT_EQ(verdict(with(tensors, u8_tensor("golden.tie.1", tie)), 2), "");
}

TEST(SelfTest, WantsTheRowsRefusedThatPythonRefuses) {
  const auto tensors = golden({1, INFINITY}, {0, 0}, {0, 0});
  EXPECT_EQ(verdict(tensors, 2),
            "golden row 1: Python scores it, but the engine refuses it: a value is infinite; the "
            "model needs a finite number; pack it again");
  const std::vector<std::uint8_t> second = {0, 1};
  const std::vector<std::uint8_t> both = {1, 1};
  EXPECT_EQ(verdict(with(tensors, u8_tensor("golden.refused", second)), 2), "");
  EXPECT_EQ(verdict(with(tensors, u8_tensor("golden.refused", both)), 2),
            "golden row 0: Python refuses it, but the engine scores it; pack it again");
}

TEST(SelfTest, WantsNaNWhereANumberIsNull) {
  const std::vector<std::uint8_t> null = {0};
  EXPECT_EQ(verdict(with(golden({1}, {0}, {0}), u8_tensor("golden.in.0.valid", null)), 1),
            "tensor 'golden.in.0': row 0 is null, expected NaN there");
}

TEST(SelfTest, HasNothingToSayWithoutGoldenRows) {
  EXPECT_EQ(verdict({}, 0), "");
}
// How often 'a' stands in each list of golden rows.
std::string verdict_of_lists(const std::vector<std::int64_t>& starts, std::vector<double> counts) {
  Tensors tensors = string_tensors("golden.in.0", {"a", "b", "a", "a"});
  tensors.push_back(integer_tensor("golden.in.0.starts", starts));
  const std::size_t rows = counts.size();
  tensors.push_back(scores("golden.out.0", counts));
  const auto plan =
      TestGraph()
          .column("x", "tokens")
          .node("count_tokens", {"column:x"}, "counts", {{}, string_tensors("vocabulary", {"a"})})
          .node("to_dense", {"counts"}, "y")
          .output("y", "y")
          .golden(rows, std::move(tensors))
          .load();
  if (!plan) {
    return "does not load: " + plan.error().message;
  }
  const auto status = self_test(**plan, true);
  return status ? "" : status.error().message;
}

TEST(SelfTest, ReadsListsOfTexts) {
  EXPECT_EQ(verdict_of_lists({0, 1, 1, 4}, {1, 0, 2}), "");
  EXPECT_EQ(verdict_of_lists({0, 1, 1, 4}, {1, 1, 2}).find("golden row 1: "), 0);
  for (const auto& starts : std::vector<std::vector<std::int64_t>>{
           {0, 1, 4}, {0, 1, 1, 3}, {1, 1, 1, 4}, {0, 2, 1, 4}, {0, 1, 5, 4}}) {
    EXPECT_EQ(verdict_of_lists(starts, {1, 0, 2}).find("does not load: tensor"), 0);
  }
}

}  // namespace
}  // namespace bascule::testing
