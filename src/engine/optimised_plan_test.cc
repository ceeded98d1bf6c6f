// What makes a plan faster must not be seen in its answers: random graphs of real operators, as
// loaded and as written, give the same bits and refuse the same rows for the same reasons.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>
#include <utility>

#include "base/limits.h"
#include "engine/testing.h"

namespace bascule::testing {
namespace {
constexpr auto kAll = ~OutputMask{0};
constexpr std::size_t kMatrixWidth = 4;
constexpr std::size_t kSparseWidth = 6;
const std::vector<std::string> kWords = {"draw", "bridge", "ship", "draw bridge", "the ship"};

Json whole(std::size_t value) {
  return Json(static_cast<std::int64_t>(value));
}

Json word(std::string value) {
  return Json(std::move(value));
}

class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : random_(seed) {}

  TestGraph make() {
    graph_.column("x", "number[4]", true)
        .column("s", "sparse[6]", true)
        .column("word", "string", true)
        .column("text", "string", true);
    dense_ = {{"column:x", kMatrixWidth}};
    sparse_ = {{"column:s", kSparseWidth}};
    for (int i = 0; i < 24; ++i) {
      add_node();
    }
    // What only sparse values lead to has to be seen too.
    const Value all = {"all", linear(sparse_.back(), "all")};
    graph_.output("all", "all", all.width);
    graph_.output("last", dense_.back().name, dense_.back().width);
    const Value& other = pick(dense_);
    if (other.name != "column:x" && other.name != dense_.back().name) {
      graph_.output("other", other.name, other.width);
    }
    if (dense_.size() == 1) {
      return RandomGraph(random_()).make();  // an input is no output
    }
    return std::move(graph_);
  }

 private:
  struct Value {
    std::string name;
    std::size_t width;
  };

  bool one_in(std::size_t n) { return random_() % n == 0; }

  // Mostly the newest: chains are what is fused.
  const Value& pick(const std::vector<Value>& values) {
    return one_in(5) ? values[random_() % values.size()] : values.back();
  }

  std::vector<double> draw(std::size_t count) {
    std::normal_distribution<double> normal;
    std::vector<double> out(count);
    for (double& each : out) {
      each = one_in(12) ? -0.0 : infinite_ && one_in(40) ? INFINITY : normal(random_);
    }
    return out;
  }

  NodeSpec by(std::size_t width) { return {{}, {vector_tensor("by", draw(width))}}; }

  std::size_t linear(const Value& in, const std::string& name) {
    const std::size_t width = one_in(3) ? 1 : 1 + random_() % 6;
    NodeSpec spec{{}, {matrix_tensor("weights", in.width, draw(width * in.width))}};
    if (one_in(2)) {
      spec.tensors.push_back(vector_tensor("bias", draw(width)));
    }
    graph_.node("linear", {in.name}, name, std::move(spec));
    return width;
  }

  std::string next() { return "v" + std::to_string(count_++); }

  void add_node() {
    switch (random_() % 10) {
      case 0:
      case 1:
      case 2:
        return add_dense(Value(pick(dense_)), next());
      case 3:
      case 4:
      case 5:
        return add_sparse(Value(pick(sparse_)), next());
      case 6:
        return add_word();
      case 7:
      case 8:
        return add_table();
      default:
        return add_text();
    }
  }

  struct Block {
    std::string name;
    std::size_t width = 0;
    bool sparse = false;
  };

  // What encoders and scalers give, side by side, perhaps in two blocks of them; then, mostly, what
  // is done to all of it, and a linear layer.
  void add_table() {
    Block whole = add_blocks(1 + random_() % 5);
    if (one_in(2)) {
      const Block more = add_blocks(1 + random_() % 3);
      const Block both = {next(), whole.width + more.width, whole.sparse || more.sparse};
      graph_.node("concat", {whole.name, more.name}, both.name);
      whole = both;
    }
    for (auto steps = random_() % 4; steps > 0; --steps) {
      const std::string in = std::exchange(whole.name, next());
      if (one_in(2)) {
        add_check(in, whole.name);
      } else {
        graph_.node(one_in(2) || whole.sparse ? "divide" : "subtract", {in}, whole.name,
                    by(whole.width));
      }
    }
    if (one_in(6)) {
      (whole.sparse ? sparse_ : dense_).push_back({whole.name, whole.width});
      return;
    }
    const std::string name = next();
    dense_.push_back({name, linear({whole.name, whole.width}, name)});
  }

  Block add_blocks(std::size_t count) {
    Block whole = {next()};
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
      const Block part = add_block();
      names.push_back(part.name);
      whole.width += part.width;
      whole.sparse = whole.sparse || part.sparse;
    }
    graph_.node("concat", names, whole.name);
    return whole;
  }

  Block add_block() {
    if (one_in(4)) {
      return {dense_.front().name, kMatrixWidth, false};
    }
    const std::size_t before = sparse_.size();
    one_in(8) ? add_text() : add_word();
    const bool sparse = sparse_.size() > before;
    auto& values = sparse ? sparse_ : dense_;
    const Value last = values.back();
    if (!one_in(8)) {
      values.pop_back();  // others do not read it
    }
    return {last.name, last.width, sparse};
  }

  void add_check(const std::string& in, const std::string& name) {
    graph_.node("check_finite", {in}, name,
                {{{"missing", Json(one_in(2))}, {"float32", Json(one_in(2))}}, {}});
  }

  void add_dense(const Value& in, const std::string& name) {
    static constexpr std::array<const char*, 3> kByColumn = {"subtract", "divide", "multiply"};
    std::size_t width = in.width;
    switch (random_() % 12) {
      case 0:
      case 1:
      case 2:
        graph_.node(kByColumn[random_() % 3], {in.name}, name, by(width));
        break;
      case 3:
        graph_.node("fill_missing", {in.name}, name, {{}, {vector_tensor("value", draw(width))}});
        break;
      case 4:
        add_check(in.name, name);
        break;
      case 5:
      case 10:
      case 11:
        width = linear(in, name);
        break;
      case 6:
        graph_.node("normalize_rows", {in.name}, name, {{{"norm", word("l2")}}, {}});
        break;
      case 7:
        width = 1 + random_() % 3;
        graph_.node("select", {in.name}, name,
                    {{}, {integer_tensor("columns", columns(in, width))}});
        break;
      case 8:
        width = trees(in, name);
        break;
      default:
        width = concat(in, pick(dense_), name);
        break;
    }
    dense_.push_back({name, width});
  }

  std::vector<std::int64_t> columns(const Value& in, std::size_t count) {
    std::vector<std::int64_t> chosen;
    for (std::size_t i = 0; i < count; ++i) {
      chosen.push_back(static_cast<std::int64_t>(random_() % in.width));
    }
    return chosen;
  }

  std::size_t concat(const Value& a, const Value& b, const std::string& name) {
    if (a.width + b.width > 64) {
      graph_.node("sigmoid", {a.name}, name);
      return a.width;
    }
    graph_.node("concat", {a.name, b.name}, name);
    return a.width + b.width;
  }

  // Two stumps.
  std::size_t trees(const Value& in, const std::string& name) {
    const auto feature = columns(in, 2);
    graph_.node("tree_ensemble", {in.name}, name,
                {{{"input", word("float64")}, {"outputs", whole(1)}, {"sum", word("float64")}},
                 {vector_tensor("base", {0}),
                  integer_tensor("feature", {feature[0], -1, -1, feature[1], -1, -1}),
                  integer_tensor("nodes", {3, 3}), integer_tensor("right", {2, 2}),
                  vector_tensor("threshold", draw(2)), matrix_tensor("leaf", 1, draw(4))}});
    return 1;
  }

  void add_sparse(const Value& in, const std::string& name) {
    static constexpr std::array<const char*, 3> kNorms = {"l1", "l2", "max"};
    std::size_t width = in.width;
    switch (random_() % 9) {
      case 0:
      case 1:
        graph_.node(one_in(2) ? "multiply" : "divide", {in.name}, name, by(width));
        break;
      case 2:
      case 3:
        graph_.node("normalize_rows", {in.name}, name,
                    {{{"norm", word(kNorms[random_() % 3])}}, {}});
        break;
      case 4:
        add_check(in.name, name);
        break;
      case 5:
        graph_.node("add_stored", {in.name}, name, {{{"by", Json(1.0)}}, {}});
        break;
      case 6:
        if (in.width > 40) {
          return;
        }
        width = concat(in, dense_.front(), name);
        break;
      case 7:
        dense_.push_back({name, linear(in, name)});
        return;
      default:
        graph_.node("to_dense", {in.name}, name);
        dense_.push_back({name, width});
        return;
    }
    sparse_.push_back({name, width});
  }

  void add_word() {
    std::string codes = next();
    const std::string name = next();
    std::string word_column = "column:word";
    if (one_in(4)) {
      word_column = next();
      graph_.node("fill_missing_string", {"column:word"}, word_column,
                  {{{"value", word(one_in(2) ? "ship" : "none")}}, {}});
    }
    graph_.node("lookup_string", {word_column}, codes,
                {{{"column", whole(2)},
                  {"refuse_missing", Json(one_in(4))},
                  {"refuse_unknown", Json(one_in(4))}},
                 string_tensors("categories", kWords)});
    if (one_in(3)) {
      codes = add_rare(codes);
    }
    if (one_in(3)) {
      auto otherwise = draw(2);
      otherwise[0] = one_in(3) ? NAN : otherwise[0];
      graph_.node("take", {codes}, name,
                  {{},
                   {matrix_tensor("values", 2, draw(2 * kWords.size())),
                    vector_tensor("otherwise", otherwise)}});
      dense_.push_back({name, 2});
      return;
    }
    const bool sparse = one_in(2);
    graph_.node("one_hot", {codes}, name,
                {{{"width", whole(4)}, {"sparse", Json(sparse)}},
                 {integer_tensor("position", {2, -1, 0, 3, 1})}});
    (sparse ? sparse_ : dense_).push_back({name, 4});
  }

  // Codes of codes, five again, by way of numbers; an unknown one may be a known one, or refused.
  std::string add_rare(const std::string& codes) {
    const std::string mapped = next();
    graph_.node("map_codes", {codes}, mapped,
                {{{"otherwise", whole(random_() % 5)}}, {integer_tensor("map", {0, 1, 3, 3, 4})}});
    if (one_in(2)) {
      return mapped;
    }
    const std::string numbers = next();
    const std::string rare = next();
    graph_.node("take", {mapped}, numbers,
                {{},
                 {vector_tensor("values", {0, 1, 3, one_in(3) ? NAN : 9, 4}),
                  vector_tensor("otherwise", {one_in(2) ? 3.0 : 7.0})}});
    graph_.node("lookup_number", {numbers}, rare,
                {{{"refuse_unknown", Json(one_in(4))}, {"missing", whole(2)}},
                 {vector_tensor("categories", {0, 1, 2, 3, 4})}});
    return rare;
  }

  void add_text() {
    const auto filled = next();
    const auto words = next();
    const auto pairs = next();
    const auto counts = next();
    const bool fills = one_in(2);
    if (fills) {
      graph_.node("fill_missing_string", {"column:text"}, filled, {{{"value", word("the")}}, {}});
    }
    graph_
        .node("tokenize", {fills ? filled : "column:text"}, words,
              {{{"column", whole(3)}, {"pattern", word("word")}, {"unicode", word("14.0.0")}}, {}})
        .node("word_ngrams", {words}, pairs, {{{"low", whole(1)}, {"high", whole(2)}}, {}})
        .node("count_tokens", {pairs}, counts, {{}, string_tensors("vocabulary", kWords)});
    sparse_.push_back({counts, kWords.size()});
  }

  std::mt19937_64 random_;
  bool infinite_ = one_in(2);
  TestGraph graph_;
  int count_ = 0;
  std::vector<Value> dense_;
  std::vector<Value> sparse_;
};

// Rows of all four columns, among them missing, infinite, unknown and empty ones.
struct Rows {
  Rows(std::uint64_t seed, std::size_t count) : random(seed) {
    std::vector<double> x;
    std::vector<SparseRow> s;
    std::vector<std::optional<std::string>> words;
    std::vector<std::optional<std::string>> long_texts;
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t col = 0; col < kMatrixWidth; ++col) {
        x.push_back(number());
      }
      SparseRow& stored = s.emplace_back();
      for (std::uint32_t col = 0; col < kSparseWidth; ++col) {
        if (random() % 2 == 0) {
          stored.emplace_back(col, number());
        }
      }
      words.push_back(random_word());
      long_texts.push_back(random_word());
      for (auto i = random() % 40; long_texts.back() && i > 0; --i) {
        *long_texts.back() += " " + random_word().value_or("of");
      }
    }
    cells = {matrix(kMatrixWidth, x), sparse(kSparseWidth, s), texts(words), texts(long_texts)};
  }

  double number() {
    std::cauchy_distribution<double> cauchy;
    const auto dice = random() % 96;
    return dice == 0   ? NAN
           : dice == 1 ? INFINITY
           : dice == 2 ? 1e300
           : dice < 8  ? -0.0
                       : cauchy(random);
  }
  std::optional<std::string> random_word() {
    const auto dice = random() % 16;
    if (dice == 0) {
      return std::nullopt;
    }
    return dice < 12 ? kWords[dice % kWords.size()] : std::string(dice - 12, 'z');
  }

  std::vector<View> views() {
    std::vector<View> all;
    for (Cells& each : cells) {
      all.push_back(each.view());
    }
    return all;
  }

  std::mt19937_64 random;
  std::vector<Cells> cells;
};

// Every cell of rows that are scored, and why the others are not: what a caller can see.
struct Answer {
  std::vector<std::vector<std::uint64_t>> scores;
  std::vector<std::pair<int, int>> refused;
  bool operator==(const Answer&) const = default;
};

Answer answer(const Plan& plan, Rows& rows, Scratch& scratch) {
  const std::size_t count = rows.cells.front().rows;
  RowErrors refused;
  const auto in = rows.views();
  const auto outputs = plan.run(count, in, kAll, refused, scratch);
  Answer out;
  for (std::size_t row = 0; row < count; ++row) {
    out.refused.emplace_back(static_cast<int>(refused[row].code), refused[row].column);
    auto& scores = out.scores.emplace_back();
    for (const View& output : outputs) {
      const double* cells = output.f64() + row * output.width();
      for (std::size_t col = 0; !refused.refused(row) && col < output.width(); ++col) {
        // Which NaN it is depends on the order of an addition's operands, which no language fixes.
        scores.push_back(std::bit_cast<std::uint64_t>(std::isnan(cells[col]) ? NAN : cells[col]));
      }
    }
  }
  return out;
}

TEST(OptimisedPlan, GivesWhatThePlanAsWrittenGives) {
  std::map<std::string, int> fused;
  int dense_chains = 0;
  int before_sums = 0;
  int behind_sums = 0;
  int taken_in = 0;
  int folded = 0;
  int filled = 0;
  int summed_codes = 0;
  std::size_t refused = 0;
  std::size_t scored = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto package = Package::open(RandomGraph(seed).make().package());
    ASSERT_TRUE(package.has_value()) << package.error().message;
    const auto plan = Plan::load(*package);
    const auto as_written = Plan::as_written(*package);
    ASSERT_TRUE(plan.has_value() && as_written.has_value()) << plan.error().message;
    for (const auto& step : (*as_written)->steps()) {
      ASSERT_EQ(step.find('+'), std::string::npos);
    }
    for (const auto& step : (*plan)->steps()) {
      ++fused[step];
      dense_chains += step.find("subtract+") != std::string::npos ? 1 : 0;
      before_sums += step.find("subtract+linear") != std::string::npos ? 1 : 0;
      behind_sums += step.find("linear+") != std::string::npos ? 1 : 0;
      summed_codes += step.ends_with("linear") && step.find("concat+") != std::string::npos ? 1 : 0;
      folded += step.find("map_codes+") != std::string::npos ? 1 : 0;
      filled += step.find("fill_missing_string+lookup_string") != std::string::npos ? 1 : 0;
      taken_in += step.find("+concat") != std::string::npos ? 1 : 0;
    }
    Scratch scratch = (*plan)->make_scratch();
    Scratch other = (*as_written)->make_scratch();
    for (const std::size_t count : {std::size_t{33}, std::size_t{1}, limits::kBlockRows}) {
      Rows rows(seed + count, count);
      const Answer expected = answer(**as_written, rows, other);
      ASSERT_EQ(answer(**plan, rows, scratch).refused, expected.refused);
      ASSERT_TRUE(answer(**plan, rows, scratch) == expected);
      for (const auto& [code, column] : expected.refused) {
        ++(code == 0 ? scored : refused);
      }
    }
  }
  // The graphs show something only while they fuse, score and refuse.
  EXPECT_GT(fused["multiply+normalize_rows"] + fused["divide+normalize_rows"], 5);
  EXPECT_GT(fused["normalize_rows+linear"], 10);
  EXPECT_GT(fused["check_finite+linear"], 5);
  EXPECT_GT(dense_chains, 20);
  EXPECT_GT(before_sums, 5);
  EXPECT_GT(behind_sums, 5);
  EXPECT_GT(taken_in, 100);
  EXPECT_GT(folded, 100);
  EXPECT_GT(filled, 50);
  EXPECT_GT(summed_codes, 100);
  EXPECT_GT(scored, 10'000);
  EXPECT_GT(refused, 1'000);
}
}  // namespace
}  // namespace bascule::testing
