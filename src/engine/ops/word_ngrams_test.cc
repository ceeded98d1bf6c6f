#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec lengths(std::int64_t low, std::int64_t high) {
  return {{{"low", Json(low)}, {"high", Json(high)}}, {}};
}

TEST(WordNgrams, ListsShorterRunsFirst) {
  const auto run =
      run_node("word_ngrams", lengths(1, 3), {tokens({{"a", "b", "c"}, {}, {"x"}, {"y", ""}})});
  EXPECT_EQ(run.out.strings,
            (std::vector<std::string>{"a", "b", "c", "a b", "b c", "a b c", "x", "y", "", "y "}));
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 6, 6, 7, 10}));
}

// Whether words are pieces of one text already must not be seen.
TEST(WordNgrams, JoinsByOneSpaceWhateverStoodBetween) {
  const Json unicode(std::string("14.0.0"));
  const auto plan = *TestGraph()
                         .column("text", "string")
                         .node("tokenize", {"column:text"}, "words",
                               {{{"pattern", Json(std::string("word"))}, {"unicode", unicode}}, {}})
                         .node("word_ngrams", {"words"}, "pairs", lengths(1, 2))
                         .node("count_tokens", {"pairs"}, "counts",
                               {{}, string_tensors("vocabulary", {"ab", "ab cd", "cd ef", "ef"})})
                         .node("to_dense", {"counts"}, "y")
                         .output("y", "y", 4)
                         .load();
  Cells rows =
      texts({"ab cd ef", "ab cd\tef", "ab  cd ef", "ab-cd-ef", "ab x cd ef", "ab cd e ef"});
  const std::vector<View> in = {rows.view()};
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  const double* y = plan->run(rows.rows, in, 1, refused, scratch)[0].f64();
  for (std::size_t row = 0; row < rows.rows; ++row, y += 4) {
    EXPECT_EQ(std::vector<double>(y, y + 4), (std::vector<double>{1, 1, 1, 1})) << row;
  }
}

TEST(WordNgrams, GivesNothingForARowWithFewerTokens) {
  const auto run = run_node("word_ngrams", lengths(2, 2), {tokens({{"a"}, {"b", "c"}})});
  EXPECT_EQ(run.out.strings, (std::vector<std::string>{"b c"}));
}

TEST(WordNgrams, RefusesLengthsThatDescend) {
  EXPECT_EQ(load_error("word_ngrams", lengths(3, 2), {ValueType{ValueKind::kTokens, 1}}),
            "step 'test -> word_ngrams' (word_ngrams): attribute 'high' is 2, expected 3 to 1024");
}
}  // namespace
}  // namespace bascule::testing
