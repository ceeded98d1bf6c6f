// Plans whose linear layer reads codes instead of a block.
#include "engine/part_sums.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// A number and a word of three, one-hot or as numbers, side by side, then a sum.
struct Encoded {
  bool sparse = false;
  bool refuse_unknown = false;
  std::vector<double> weights = {10, 1, 2, 3};  // of the number, then of the words
  std::vector<double> taken;                    // instead of one-hot

  std::shared_ptr<const Plan> load() const {
    TestGraph graph;
    graph.column("number", "number", true)
        .column("word", "string", true)
        .node("lookup_string", {"column:word"}, "codes",
              {{{"column", Json(std::int64_t{1})}, {"refuse_unknown", Json(refuse_unknown)}},
               string_tensors("categories", {"a", "b", "c"})});
    if (taken.empty()) {
      graph.node("one_hot", {"codes"}, "cells",
                 {{{"width", Json(std::int64_t{3})}, {"sparse", Json(sparse)}},
                  {integer_tensor("position", {0, 1, 2})}});
    } else {
      graph.node("take", {"codes"}, "cells",
                 {{}, {vector_tensor("values", taken), vector_tensor("otherwise", {NAN})}});
    }
    const std::size_t width = taken.empty() ? 4 : 2;
    graph.node("concat", {"column:number", "cells"}, "all")
        .node("check_finite", {"all"}, "checked")
        .node("linear", {"checked"}, "sum",
              {{}, {matrix_tensor("weights", width, weights), vector_tensor("bias", {0.5})}})
        .output("sum", "sum");
    return *graph.load();
  }
};

struct Answers {
  std::vector<double> sums;
  RowErrors refused;
};

Answers score(const Plan& plan, std::vector<double> number,
              std::vector<std::optional<std::string>> word) {
  Answers made;
  Scratch scratch = plan.make_scratch();
  Cells x = numbers(std::move(number));
  Cells words = texts(std::move(word));
  const std::vector<View> in = {x.view(), words.view()};
  const auto out = plan.run(x.rows, in, 1, made.refused, scratch);
  made.sums.assign(out[0].f64(), out[0].f64() + x.rows);
  return made;
}

const std::vector<std::string> kSummed = {"lookup_string", "one_hot+concat+check_finite+linear"};

TEST(PartSums, AddWhatStandsAtTheCode) {
  for (const bool sparse : {false, true}) {
    const auto plan = Encoded{.sparse = sparse}.load();
    EXPECT_EQ(plan->steps(), kSummed);
    const auto made = score(*plan, {2, 0, -1, 1}, {"a", "c", "of none", std::nullopt});
    EXPECT_EQ(made.sums, (std::vector<double>{21.5, 3.5, -9.5, 10.5})) << sparse;
    EXPECT_FALSE(made.refused.any());
  }
}

// 0 * inf is NaN, in whichever column: only what stores no zeros can leave them out.
TEST(PartSums, LeaveTheBlockWhereAZeroWouldBeMore) {
  Encoded model{.weights = {10, 1, INFINITY, 3}};
  EXPECT_EQ(model.load()->steps(),
            (std::vector<std::string>{"lookup_string", "one_hot+concat", "check_finite+linear"}));
  EXPECT_TRUE(std::isnan(score(*model.load(), {1}, {"a"}).sums[0]));
  model.sparse = true;
  EXPECT_EQ(model.load()->steps(), kSummed);
  EXPECT_EQ(score(*model.load(), {1}, {"a"}).sums[0], 11.5);
  model.weights = {INFINITY, 1, 2, 3};  // a zero of the number is not stored, but would be added
  EXPECT_EQ(model.load()->steps(),
            (std::vector<std::string>{"lookup_string", "one_hot+concat", "check_finite+linear"}));
  EXPECT_EQ(score(*model.load(), {0}, {"a"}).sums[0], 1.5);
}

TEST(PartSums, RefuseACodeWhoseNumberACheckRefuses) {
  const auto plan = Encoded{.weights = {10, 1}, .taken = {4, 5, INFINITY}}.load();
  EXPECT_EQ(plan->steps(),
            (std::vector<std::string>{"lookup_string", "take+concat+check_finite+linear"}));
  const auto made = score(*plan, {1, NAN, 1, 1, INFINITY}, {"b", "b", "c", "d", "c"});
  EXPECT_EQ(made.sums[0], 15.5);
  EXPECT_FALSE(made.refused.refused(0));
  EXPECT_EQ(made.refused[1].code, RowCode::kMissing);
  EXPECT_EQ(made.refused[2].code, RowCode::kInfinite);
  EXPECT_EQ(made.refused[3].code, RowCode::kMissing) << "an unknown word has no number";
  EXPECT_EQ(made.refused[4].code, RowCode::kInfinite);
}

TEST(PartSums, LeaveTheFirstRefusalToTheLookUp) {
  const auto plan = Encoded{.refuse_unknown = true}.load();
  const auto made = score(*plan, {NAN, NAN}, {"d", "a"});
  EXPECT_EQ(made.refused[0].code, RowCode::kUnknownCategory);
  EXPECT_EQ(made.refused[1].code, RowCode::kMissing);
}

// Three outputs, of which a word adds a row of weights; the bias comes last.
TEST(PartSums, AddToSeveralOutputs) {
  TestGraph graph;
  std::vector<double> weights;
  for (int i = 0; i < 3 * 8; ++i) {
    weights.push_back(i);
  }
  graph.column("number", "number")
      .column("word", "string", true)
      .node("lookup_string", {"column:word"}, "codes",
            {{}, string_tensors("categories", {"a", "b", "c"})})
      .node("one_hot", {"codes"}, "hot",
            {{{"width", Json(std::int64_t{7})}}, {integer_tensor("position", {6, 0, -1})}})
      .node("concat", {"column:number", "hot"}, "all")
      .node("linear", {"all"}, "sums",
            {{}, {matrix_tensor("weights", 8, weights), vector_tensor("bias", {0.5, 0, 0})}})
      .output("sums", "sums", 3);
  const auto plan = *graph.load();
  EXPECT_EQ(plan->steps(), (std::vector<std::string>{"lookup_string", "one_hot+concat+linear"}));
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  Cells x = numbers({1, 1, 1});
  Cells words = texts({"a", "b", "c"});
  const std::vector<View> in = {x.view(), words.view()};
  const double* y = plan->run(3, in, 1, refused, scratch)[0].f64();
  EXPECT_EQ(std::vector<double>(y, y + 9),
            (std::vector<double>{7.5, 23, 39, 1.5, 17, 33, 0.5, 8, 16}));
}
}  // namespace
}  // namespace bascule::testing
