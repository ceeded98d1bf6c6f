#include "engine/plan.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <random>
#include <thread>

#include "base/limits.h"
#include "engine/testing.h"
#include "package/testing.h"

namespace bascule::testing {
namespace {
constexpr auto kAll = ~OutputMask{0};

std::shared_ptr<const Plan> loaded(const TestGraph& graph) {
  const auto plan = graph.load();
  if (!plan) {
    ADD_FAILURE() << plan.error().message;
    std::abort();
  }
  return *plan;
}

std::string why_not(const TestGraph& graph) {
  const auto plan = graph.load();
  return plan ? std::string() : plan.error().message;
}

NodeSpec by(std::vector<double> values) {
  return {{}, {vector_tensor("by", values)}};
}

std::vector<std::uint64_t> bits(const View& view, std::size_t rows) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < rows * view.width(); ++i) {
    out.push_back(std::bit_cast<std::uint64_t>(view.f64()[i]));
  }
  return out;
}

// One output of a plan over one matrix, as bits.
std::vector<std::uint64_t> run_bits(const Plan& plan, Cells cells, std::size_t output = 0) {
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  const View in = cells.view();
  const auto views = plan.run(cells.rows, std::span(&in, 1), kAll, refused, scratch);
  return bits(views[output], cells.rows);
}

// x -> subtract -> divide -> clip -> fill_missing; `watched` makes each value an output, so that
// nothing can be fused.
TestGraph chain(bool watched) {
  TestGraph graph;
  graph.column("x", "number[2]", true)
      .node("subtract", {"column:x"}, "a", by({0.1, 3}))
      .node("divide", {"a"}, "b", by({0.7, 0.3}))
      .node("clip", {"b"}, "c",
            {{}, {vector_tensor("high", {2, 2}), vector_tensor("low", {-1, 0})}})
      .node("fill_missing", {"c"}, "d", {{}, {vector_tensor("value", {7, 8})}})
      .output("d", "d", 2);
  if (watched) {
    graph.output("a", "a", 2).output("b", "b", 2).output("c", "c", 2);
  }
  return graph;
}

TEST(Plan, FusesChainsOfPerCellOperatorsWithTheSameBits) {
  const auto fused = loaded(chain(false));
  const auto unfused = loaded(chain(true));
  EXPECT_EQ(fused->steps(), (std::vector<std::string>{"subtract+divide+clip+fill_missing"}));
  EXPECT_EQ(unfused->steps(),
            (std::vector<std::string>{"subtract", "divide", "clip", "fill_missing"}));
  const Cells x = matrix(2, {0.3, 1, NAN, NAN, 1e9, -1e9, 0.77, 3.3, -0.0, INFINITY});
  EXPECT_EQ(run_bits(*fused, x), run_bits(*unfused, x));
}

TEST(Plan, DoesNotFuseAcrossAValueThatAnotherNodeReads) {
  const auto plan = loaded(TestGraph()
                               .column("x", "number")
                               .node("subtract", {"column:x"}, "a", by({1}))
                               .node("divide", {"a"}, "b", by({2}))
                               .node("concat", {"a", "b"}, "c")
                               .output("c", "c", 2));
  EXPECT_EQ(plan->steps(), (std::vector<std::string>{"subtract", "divide", "concat"}));
}

TEST(Plan, DropsNodesThatNoOutputNeeds) {
  const auto plan = loaded(TestGraph()
                               .column("x", "number")
                               .node("exp", {"column:x"}, "unused")
                               .node("log", {"column:x"}, "y")
                               .output("y", "y"));
  EXPECT_EQ(plan->steps(), (std::vector<std::string>{"log"}));
}

TEST(Plan, RunsOnlyWhatIsAskedFor) {
  const auto plan = loaded(TestGraph()
                               .column("x", "number")
                               .node("check_finite", {"column:x"}, "checked")
                               .node("exp", {"column:x"}, "raw")
                               .output("checked", "checked")
                               .output("raw", "raw"));
  const std::vector<std::string> name = {"raw"};
  const auto raw = plan->outputs(name);
  ASSERT_TRUE(raw.has_value());
  Cells x = numbers({INFINITY});
  const View in = x.view();
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  const auto views = plan->run(1, std::span(&in, 1), *raw, refused, scratch);
  EXPECT_FALSE(refused.any()) << "check_finite ran";
  EXPECT_EQ(views[1].f64()[0], INFINITY);
  plan->run(1, std::span(&in, 1), kAll, refused, scratch);
  EXPECT_TRUE(refused.any());
}

TEST(Plan, NamesAnUnknownOutputAndThoseThereAre) {
  const auto plan = loaded(chain(true));
  const std::vector<std::string> names = {"a", "decision"};
  const auto mask = plan->outputs(names);
  ASSERT_FALSE(mask.has_value());
  EXPECT_EQ(mask.error().message,
            "output 'decision' is unknown; the model gives 'd', 'a', 'b', 'c'");
}

TEST(Plan, NamesAnUnknownOperatorAndWhatThisBuildKnows) {
  const auto error = why_not(
      TestGraph().column("x", "number").node("teleport", {"column:x"}, "y").output("y", "y"));
  EXPECT_EQ(error.find("step 'test -> teleport': operator 'teleport' is unknown to this build, "
                       "which knows absolute, add, "),
            0)
      << error;
}

TEST(Plan, NamesAnUnknownVersionAndWhatThisBuildKnows) {
  EXPECT_EQ(why_not(TestGraph()
                        .column("x", "number")
                        .node("exp", {"column:x"}, "y", {{}, {}, 2})
                        .output("y", "y")),
            "step 'test -> exp': operator 'exp' version 2 is unknown to this build, which knows "
            "version 1; use a newer version of Bascule");
}

TEST(Plan, ComparesEachOutputWithWhatTheGraphGives) {
  TestGraph graph;
  graph.column("x", "number[3]").node("argmax", {"column:x"}, "best");
  EXPECT_EQ(why_not(TestGraph(graph).output("y", "column:x", 2)),
            "output 'y': the graph gives f64[3], expected f64[2]");
  EXPECT_EQ(why_not(TestGraph(graph).output("y", "best")),
            "output 'y': the graph gives i64[1], expected f64[1]");
  EXPECT_EQ(why_not(TestGraph(graph).label("y", "best", 2)),
            "output 'y' has 2 labels, but the graph gives positions from 0 to 2");
  EXPECT_EQ(why_not(TestGraph(graph).label("y", "best", 3)), "");
}

TEST(Plan, RefusesToTakeAPositionFromAnInputForALabel) {
  const TestGraph graph = TestGraph().column("x", "integer").label("y", "column:x", 3);
  EXPECT_NE(why_not(graph).find("output 'y' has 3 labels, but the graph gives positions from -922"),
            std::string::npos);
}

TEST(Plan, RefusesANodeWithTooManyOutputs) {
  const TestGraph graph = TestGraph()
                              .column("x", "number[60000]")
                              .node("concat", {"column:x", "column:x"}, "y")
                              .output("y", "y", 120000);
  EXPECT_EQ(why_not(graph),
            "step 'test -> concat' (concat): gives 120000 columns, expected 1 to 65536");
}

TEST(Plan, RefusesAGraphThatNeedsTooMuchMemory) {
  TestGraph graph;
  graph.column("x", "number[65536]");
  for (int i = 0; i < 9; ++i) {
    graph.node("exp", {"column:x"}, fmt::format("y{}", i))
        .output(fmt::format("y{}", i), fmt::format("y{}", i), 65536);
  }
  EXPECT_NE(why_not(graph).find("take more than 1073741824 bytes for a block of 256 rows"),
            std::string::npos);
}

// Every column type with a missing cell in row 1.
struct MixedRows {
  std::vector<Cells> cells{numbers({1, NAN}),           floats32({1, NAN}),
                           integers({1, std::nullopt}), booleans({true, std::nullopt}),
                           texts({"a", std::nullopt}),  matrix(2, {1, 2, 3, NAN})};
  std::vector<View> views() {
    std::vector<View> out;
    for (auto& column : cells) {
      out.push_back(column.view());
    }
    return out;
  }
};

TEST(Plan, RefusesAMissingCellExactlyInColumnsThatAreNotNullable) {
  const std::vector<std::string> types = {"number",  "number32", "integer",
                                          "boolean", "string",   "number[2]"};
  for (std::size_t strict = 0; strict <= types.size(); ++strict) {
    TestGraph graph;
    for (std::size_t i = 0; i < types.size(); ++i) {
      graph.column(fmt::format("c{}", i), types[i], i != strict);
    }
    const auto plan = loaded(graph.output("y", "column:c0"));
    MixedRows rows;
    Scratch scratch = plan->make_scratch();
    RowErrors refused;
    plan->run(2, rows.views(), kAll, refused, scratch);
    EXPECT_FALSE(refused.refused(0));
    ASSERT_EQ(refused.refused(1), strict < types.size()) << "strict column " << strict;
    if (strict == types.size()) {
      continue;
    }
    EXPECT_EQ(refused[1].code, RowCode::kMissing);
    EXPECT_EQ(refused[1].column, static_cast<std::int32_t>(strict));
    EXPECT_EQ(plan->describe(refused[1]),
              fmt::format("column 'c{}' is missing; the model needs it", strict));
  }
}

TEST(Plan, DescribesEveryRefusalInASentence) {
  const auto plan = loaded(TestGraph().column("amount", "number").output("y", "column:amount"));
  EXPECT_EQ(plan->describe({RowCode::kInfinite, 0}),
            "column 'amount' is infinite; the model needs a finite number");
  EXPECT_EQ(plan->describe({RowCode::kUnknownCategory, 0}),
            "column 'amount' holds a category that the model was not fitted with");
  EXPECT_EQ(plan->describe({RowCode::kMissing, -1}), "a value is missing; the model needs it");
  EXPECT_EQ(plan->describe({RowCode::kTooLarge, 99}),
            "a value is beyond the largest float32, which the model reads numbers as");
}

TEST(Plan, RefusesATextBeyondTheLimitAndReadsOneAtIt) {
  const NodeSpec words{
      {{"pattern", Json(std::string("word"))}, {"unicode", Json(std::string("14.0.0"))}}, {}};
  const auto plan = loaded(
      TestGraph()
          .column("text", "string")
          .node("tokenize", {"column:text"}, "words", words)
          .node("count_tokens", {"words"}, "counts", {{}, string_tensors("vocabulary", {"ab"})})
          .node("to_dense", {"counts"}, "y")
          .output("y", "y"));
  std::string at_limit;
  while (at_limit.size() + 3 <= limits::kStringBytes) {
    at_limit += "ab ";
  }
  at_limit.resize(limits::kStringBytes, ' ');
  Cells cells = texts({at_limit, at_limit + " ", "ab"});
  const View in = cells.view();
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  const auto views = plan->run(3, std::span(&in, 1), kAll, refused, scratch);
  EXPECT_EQ(views[0].f64()[0], limits::kStringBytes / 3);
  EXPECT_EQ(refused[1].code, RowCode::kTooLong);
  EXPECT_EQ(views[0].f64()[2], 1);
  EXPECT_EQ(refused.count(), 1);
}

TEST(Plan, RefusesAListThatIsMissingOrTooLong) {
  const auto plan = loaded(TestGraph()
                               .column("words", "tokens")
                               .node("count_tokens", {"column:words"}, "counts",
                                     {{}, string_tensors("vocabulary", {"ab"})})
                               .node("to_dense", {"counts"}, "y")
                               .output("y", "y"));
  const std::string half(limits::kStringBytes / 2 - 1, 'x');
  Cells cells = tokens({{half, half}, {half, half, ""}, {"ab", "", "ab"}, {"ab"}});
  const std::array<std::uint8_t, 4> valid{1, 1, 1, 0};
  const View list = cells.view();
  const View in(list.type(), list.tokens(), list.starts(), nullptr, valid.data());
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  const auto views = plan->run(4, std::span(&in, 1), kAll, refused, scratch);
  EXPECT_FALSE(refused.refused(0));
  EXPECT_EQ(refused[1].code, RowCode::kTooLong);
  EXPECT_EQ(views[0].f64()[2], 2);
  EXPECT_EQ(refused[3].code, RowCode::kMissing);
}

TEST(Plan, ScoresTheNeighboursOfARefusedRowAsIfItWereNotThere) {
  const auto package = Package::open(tiny_logistic_package());
  ASSERT_TRUE(package.has_value());
  const auto plan = Plan::load(*package);
  ASSERT_TRUE(plan.has_value());
  Scratch scratch = (*plan)->make_scratch();
  RowErrors refused;
  Cells amount = numbers({0.25, NAN, 3});
  Cells age = numbers({1, 2, 0.5});
  const std::vector<View> in = {amount.view(), age.view()};
  const auto views = (*plan)->run(3, in, kAll, refused, scratch);
  EXPECT_EQ(views[0].f64()[1], tiny_logistic_score({}, {0.25, 1}));
  EXPECT_TRUE(refused.refused(1));
  EXPECT_EQ(views[0].f64()[5], tiny_logistic_score({}, {3, 0.5}));
}

// One tree, x0 <= 0.5 ? 1 : 2, read by three steps: its score, its leaf, and its path.
TestGraph tree_of_three_outputs() {
  const NodeSpec trees{{{"input", Json(std::string("float64"))}},
                       {integer_tensor("feature", {0, -1, -1}), integer_tensor("nodes", {3}),
                        integer_tensor("right", {2}), vector_tensor("threshold", {0.5})}};
  const auto ensemble = [&](std::vector<double> leaf) {
    NodeSpec spec = trees;
    spec.attrs.insert(spec.attrs.end(),
                      {{"outputs", Json(std::int64_t{1})}, {"sum", Json(std::string("float64"))}});
    spec.tensors.insert(spec.tensors.begin(), vector_tensor("base", {0}));
    spec.tensors.push_back(matrix_tensor("leaf", 1, leaf));
    return spec;
  };
  NodeSpec path = trees;
  path.attrs.emplace_back("width", Json(std::int64_t{3}));
  path.tensors.insert(path.tensors.begin(), integer_tensor("column", {0, 1, 2}));
  return TestGraph()
      .column("x", "number")
      .node("tree_ensemble", {"column:x"}, "score", ensemble({1, 2}))
      .node("tree_ensemble", {"column:x"}, "leaf", ensemble({10, 20}))
      .node("tree_path", {"column:x"}, "sparse", path)
      .node("to_dense", {"sparse"}, "path")
      .output("score", "score")
      .output("leaf", "leaf")
      .output("path", "path", 3);
}

TEST(Plan, GivesTheSameBeforeAndAfterItIsPrepared) {
  const auto package = Package::open(tree_of_three_outputs().package());
  ASSERT_TRUE(package.has_value()) << package.error().message;
  const auto plan = Plan::validate(*package);
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  const auto answers = [&] {
    std::vector<std::vector<std::uint64_t>> each;
    for (const std::size_t output : {0, 1, 2}) {
      each.push_back(run_bits(**plan, numbers({0.5, 0.75, 0.25}), output));
    }
    return each;
  };
  const auto before = answers();
  EXPECT_EQ(before[1], (std::vector<std::uint64_t>{std::bit_cast<std::uint64_t>(10.0),
                                                   std::bit_cast<std::uint64_t>(20.0),
                                                   std::bit_cast<std::uint64_t>(10.0)}));
  const auto mask = (*plan)->outputs(std::vector<std::string>{"leaf", "path"});
  ASSERT_TRUE(mask.has_value());
  EXPECT_EQ(*mask, 6U);
  EXPECT_EQ(answers(), before);
  (*plan)->prepare(kAll);
  EXPECT_EQ(answers(), before);
}

// Some of them ask for an output that nobody has asked for before.
TEST(Plan, IsSharedByThreadsWhileItIsPrepared) {
  for (int round = 0; round < 20; ++round) {
    const auto package = Package::open(tree_of_three_outputs().package());
    ASSERT_TRUE(package.has_value());
    const auto plan = Plan::validate(*package);
    ASSERT_TRUE(plan.has_value());
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&, thread] {
          const auto asked = thread % 2 == 0 ? (*plan)->outputs(std::vector<std::string>{"leaf"})
                                             : (*plan)->default_outputs();
          Scratch scratch = (*plan)->make_scratch();
          RowErrors refused;
          Cells x = numbers({0.5, 0.75});
          const View in = x.view();
          for (int call = 0; call < 50; ++call) {
            const auto views = (*plan)->run(2, std::span(&in, 1), kAll, refused, scratch);
            const bool same = views[0].f64()[0] == 1 && views[1].f64()[1] == 20 &&
                              views[2].f64()[5] == 1 && asked.has_value();
            wrong += same ? 0 : 1;
          }
        });
      }
    }
    EXPECT_EQ(wrong, 0);
  }
}

// A random graph of dense and sparse nodes over number[4]; `watched` makes every dense value an
// output.
class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : random_(seed) {}

  TestGraph make(bool watched) {
    TestGraph graph;
    graph.column("x", "number[4]", true);
    values_ = {{"column:x", 4}};
    for (int i = 0; i < 14; ++i) {
      add_node(graph, fmt::format("v{}", i));
    }
    graph.output("last", values_.back().name, values_.back().width);
    for (std::size_t i = 1; watched && i + 1 < values_.size(); ++i) {
      graph.output(values_[i].name, values_[i].name, values_[i].width);
    }
    return graph;
  }

 private:
  struct Value {
    std::string name;
    std::size_t width;
  };

  std::vector<double> draw(std::size_t count) {
    std::normal_distribution<double> normal;
    std::vector<double> out(count);
    for (double& each : out) {
      each = normal(random_);
    }
    return out;
  }

  void add_node(TestGraph& graph, const std::string& name) {
    const Value a = values_[random_() % values_.size()];
    const Value b = values_[random_() % values_.size()];
    std::size_t width = a.width;
    switch (random_() % 8) {
      case 0:
      case 1:
        graph.node("subtract", {a.name}, name, by(draw(a.width)));
        break;
      case 2:
        graph.node("divide", {a.name}, name, by(draw(a.width)));
        break;
      case 3:
        graph.node("multiply", {a.name}, name, by(draw(a.width)));
        break;
      case 4:
        graph.node("sigmoid", {a.name}, name);
        break;
      case 5:
        width = 1 + random_() % 3;
        graph.node("linear", {a.name}, name,
                   {{}, {matrix_tensor("weights", a.width, draw(width * a.width))}});
        break;
      case 6:
        width = a.width + b.width;
        graph.node("concat", {a.name, b.name}, name);
        break;
      default:
        graph.node("fill_missing", {a.name}, name, {{}, {vector_tensor("value", draw(a.width))}});
        break;
    }
    values_.push_back({name, width});
  }

  std::mt19937_64 random_;
  std::vector<Value> values_;
};

Cells random_rows(std::uint64_t seed, std::size_t rows) {
  std::mt19937_64 random(seed);
  std::cauchy_distribution<double> cauchy;
  std::vector<double> cells(rows * 4);
  for (double& cell : cells) {
    cell = random() % 16 == 0 ? NAN : cauchy(random);
  }
  return matrix(4, cells);
}

TEST(Plan, GivesARowTheSameBitsAloneAndInABlock) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto plan = loaded(RandomGraph(seed).make(false));
    const Cells block = random_rows(seed, limits::kBlockRows);
    const auto all = run_bits(*plan, block);
    const std::size_t width = all.size() / block.rows;
    for (std::size_t row = 0; row < block.rows; row += 15) {
      const auto first = block.f64.begin() + static_cast<std::ptrdiff_t>(row * 4);
      const auto one = run_bits(*plan, matrix(4, {first, first + 4}));
      ASSERT_TRUE(std::equal(one.begin(), one.end(),
                             all.begin() + static_cast<std::ptrdiff_t>(row * width)))
          << "seed " << seed << ", row " << row;
    }
  }
}

// With every value an output nothing is fused and no place is used twice.
TEST(Plan, GivesTheSameBitsFusedInSharedPlacesAndNeither) {
  std::size_t fused = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto lean = loaded(RandomGraph(seed).make(false));
    const auto watched = loaded(RandomGraph(seed).make(true));
    const Cells rows = random_rows(seed, 33);
    ASSERT_EQ(run_bits(*lean, rows), run_bits(*watched, rows)) << "seed " << seed;
    for (const auto& step : lean->steps()) {
      fused += step.find('+') != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GT(fused, 20) << "the graphs of this test fuse too little to show anything";
}
}  // namespace
}  // namespace bascule::testing
