#include "engine/fold.h"

#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Of words "a", "b" and "c" the last two are rare and share a column, as unknown ones do.
struct Rare {
  bool refuse_unknown = false;
  double other = 1;
  std::string filling;  // of missing words

  TestGraph graph() const {
    TestGraph graph;
    graph.column("word", "string", true);
    if (!filling.empty()) {
      graph.node("fill_missing_string", {"column:word"}, "filled",
                 {{{"value", Json(filling)}}, {}});
    }
    graph
        .node("lookup_string", {filling.empty() ? "column:word" : "filled"}, "codes",
              {{{"refuse_missing", Json(!filling.empty())},
                {"refuse_unknown", Json(!filling.empty())}},
               string_tensors("categories", {"a", "b", "c"})})
        .node("take", {"codes"}, "numbers",
              {{}, {vector_tensor("values", {0, 1, 1}), vector_tensor("otherwise", {other})}})
        .node("lookup_number", {"numbers"}, "columns",
              {{{"refuse_unknown", Json(refuse_unknown)}}, {vector_tensor("categories", {0, 1})}})
        .node("one_hot", {"columns"}, "hot",
              {{{"width", Json(std::int64_t{2})}}, {integer_tensor("position", {0, 1})}})
        .output("hot", "hot", 2);
    return graph;
  }
};

struct Answers {
  std::vector<double> cells;
  RowErrors refused;
};

Answers score(const Plan& plan, std::vector<std::optional<std::string>> word) {
  Answers made;
  Scratch scratch = plan.make_scratch();
  Cells words = texts(std::move(word));
  const std::vector<View> in = {words.view()};
  const auto out = plan.run(words.rows, in, 1, made.refused, scratch);
  made.cells.assign(out[0].f64(), out[0].f64() + 2 * words.rows);
  return made;
}

TEST(Fold, DoesToEachCodeWhatIsDoneToCodesAlone) {
  const auto plan = *Rare{}.graph().load();
  EXPECT_EQ(plan->steps(),
            (std::vector<std::string>{"lookup_string", "take+lookup_number+one_hot"}));
  EXPECT_EQ(score(*plan, {"a", "b", "c", "d", std::nullopt}).cells,
            (std::vector<double>{1, 0, 0, 1, 0, 1, 0, 1, 0, 1}));
}

TEST(Fold, LeavesAChainThatRefusesACode) {
  const auto plan = *Rare{.refuse_unknown = true, .other = 7}.graph().load();
  EXPECT_EQ(plan->steps().size(), 4U);
  const auto made = score(*plan, {"a", "d"});
  EXPECT_FALSE(made.refused.refused(0));
  EXPECT_EQ(made.refused[1].code, RowCode::kUnknownCategory);
}

TEST(Fold, LooksAFillingUpForAMissingText) {
  const auto known = *Rare{.filling = "b"}.graph().load();
  EXPECT_EQ(known->steps(), (std::vector<std::string>{"fill_missing_string+lookup_string",
                                                      "take+lookup_number+one_hot"}));
  EXPECT_EQ(score(*known, {std::nullopt, "a"}).cells, (std::vector<double>{0, 1, 1, 0}));
  const auto unknown = *Rare{.filling = "none"}.graph().load();
  EXPECT_EQ(score(*unknown, {std::nullopt}).refused[0].code, RowCode::kUnknownCategory);
}
}  // namespace
}  // namespace bascule::testing
