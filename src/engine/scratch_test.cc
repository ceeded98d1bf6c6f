#include "engine/scratch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "engine/testing.h"

// A sanitizer has a malloc of its own.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BASCULE_COUNTS_ALLOCATIONS 1
#else
#define BASCULE_COUNTS_ALLOCATIONS 0
#endif

namespace {
std::atomic<std::size_t> allocations = 0;  // in this test program, operator new among them
}  // namespace

#if BASCULE_COUNTS_ALLOCATIONS
// Counted so that a test can say that scoring allocates nothing, not even for a moment. The names
// behind are those that glibc keeps for programs with a malloc of their own.
extern "C" {
void* __libc_malloc(std::size_t size) noexcept;                           // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;        // NOLINT
void* __libc_realloc(void* memory, std::size_t size) noexcept;            // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;  // NOLINT

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}
#endif

namespace bascule::testing {
namespace {
TEST(GrowingArray, KeepsItsContentWhenItGrows) {
  GrowingArray<std::uint32_t> array;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(array.reserve(i + 1));
    array.data()[i] = i;
  }
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(array.data()[i], i);
  }
  EXPECT_LE(array.capacity(), 20'000);
}

TEST(GrowingArray, SaysNoToMoreThanAnyMemoryHolds) {
  GrowingArray<double> array;
  EXPECT_FALSE(array.reserve(std::numeric_limits<std::size_t>::max()));
  EXPECT_FALSE(array.reserve(std::numeric_limits<std::size_t>::max() / 16 + 1));
  ASSERT_TRUE(array.reserve(1)) << "it is still of use";
}

TEST(Ragged, RefusesARowBeyondItsLimitAndTakesTheNext) {
  Ragged ragged;
  ragged.begin();
  std::size_t pushed = 0;
  while (ragged.push_cell(0, 1)) {
    ++pushed;
  }
  EXPECT_EQ(pushed, limits::kScratchRowBytes / 12);
  ragged.drop_row();
  ragged.end_row();
  ASSERT_TRUE(ragged.push_cell(7, 2));
  ragged.end_row();
  const View view = ragged.csr_view(8);
  EXPECT_EQ(view.starts()[1], 0);
  EXPECT_EQ(view.starts()[2], 1);
  EXPECT_EQ(view.csr_columns()[0], 7);
}

TEST(Scratch, HandsOutBytesThatDoNotOverlap) {
  Scratch scratch;
  std::vector<std::pair<char*, std::size_t>> given;
  for (std::size_t size = 1; size < 1'000'000; size = size * 3 + 1) {
    char* bytes = scratch.bytes(size);
    ASSERT_NE(bytes, nullptr);
    std::memset(bytes, static_cast<int>(given.size()), size);
    given.emplace_back(bytes, size);
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto [bytes, size] = given[i];
    EXPECT_EQ(bytes[0], static_cast<char>(i));
    EXPECT_EQ(bytes[size - 1], static_cast<char>(i));
  }
  EXPECT_EQ(scratch.bytes(std::numeric_limits<std::size_t>::max()), nullptr);
}

// Text, sparse and dense operators: all that ask the scratch for memory.
TestGraph text_graph() {
  const Json unicode(std::string("14.0.0"));
  return TestGraph()
      .column("text", "string", true)
      .column("x", "number[3]")
      .node("fill_missing_string", {"column:text"}, "filled",
            {{{"value", Json(std::string(""))}}, {}})
      .node("normalize_text", {"filled"}, "lower",
            {{{"lowercase", Json(true)}, {"unicode", unicode}}, {}})
      .node("tokenize", {"lower"}, "words",
            {{{"pattern", Json(std::string("word"))}, {"unicode", unicode}}, {}})
      .node("drop_tokens", {"words"}, "kept", {{}, string_tensors("words", {"the"})})
      .node("count_tokens", {"kept"}, "counts",
            {{}, string_tensors("vocabulary", {"draw", "bridge", "ship"})})
      .node("normalize_rows", {"counts"}, "unit", {{{"norm", Json(std::string("l2"))}}, {}})
      .node("concat", {"column:x", "unit"}, "all")
      .node("linear", {"all"}, "y", {{}, {matrix_tensor("weights", 6, {1, 2, 3, 4, 5, 6})}})
      .output("y", "y");
}

NodeSpec per_column(const char* role, std::vector<double> values) {
  return {{}, {vector_tensor(role, values)}};
}

// What a ColumnTransformer makes of numbers and a word: imputed and scaled, imputed and one-hot.
TestGraph mixed_graph(bool sparse) {
  return TestGraph()
      .column("text", "string", true)
      .column("x", "number[3]", true)
      .node("fill_missing", {"column:x"}, "filled", per_column("value", {1, 2, 3}))
      .node("subtract", {"filled"}, "centred", per_column("by", {1, 2, 3}))
      .node("divide", {"centred"}, "scaled", per_column("by", {4, 5, 6}))
      .node("fill_missing_string", {"column:text"}, "word",
            {{{"value", Json(std::string("ship"))}}, {}})
      .node("lookup_string", {"word"}, "code", {{}, string_tensors("categories", {"ship", "The"})})
      .node("one_hot", {"code"}, "hot",
            {{{"width", Json(std::int64_t{2})}, {"sparse", Json(sparse)}},
             {integer_tensor("position", {1, 0})}})
      .node("concat", {"scaled", "hot"}, "all");
}

TestGraph logistic_on_mixed(bool sparse) {
  return mixed_graph(sparse)
      .node("linear", {"all"}, "sum", {{}, {matrix_tensor("weights", 5, {1, 2, 3, 4, 5})}})
      .node("sigmoid", {"sum"}, "y")
      .output("y", "y");
}

TestGraph trees_on_mixed() {
  return mixed_graph(false)
      .node("tree_ensemble", {"all"}, "y",
            {{{"input", Json(std::string("float64"))},
              {"outputs", Json(std::int64_t{1})},
              {"sum", Json(std::string("float64"))}},
             {vector_tensor("base", {0}), integer_tensor("feature", {4, -1, -1}),
              integer_tensor("nodes", {3}), integer_tensor("right", {2}),
              vector_tensor("threshold", {0.5}), matrix_tensor("leaf", 1, {1, 2})}})
      .output("y", "y");
}

// Two layers, scaled before and clipped in between.
TestGraph layers() {
  const std::vector<double> ones(15, 1);
  return TestGraph()
      .column("text", "string", true)
      .column("x", "number[3]")
      .node("divide", {"column:x"}, "scaled", per_column("by", {4, 5, 6}))
      .node("linear", {"scaled"}, "hidden",
            {{}, {matrix_tensor("weights", 3, ones), vector_tensor("bias", {1, 2, 3, 4, 5})}})
      .node("clip", {"hidden"}, "active",
            {{}, {vector_tensor("low", {0, 0, 0, 0, 0}), vector_tensor("high", {9, 9, 9, 9, 9})}})
      .node("subtract", {"active"}, "centred", per_column("by", {1, 2, 3, 4, 5}))
      .node("linear", {"centred"}, "y", {{}, {matrix_tensor("weights", 5, {1, 2, 3, 4, 5})}})
      .output("y", "y");
}

TEST(Scratch, AllocatesNothingAfterWarmUp) {
  if (BASCULE_COUNTS_ALLOCATIONS == 0) {
    GTEST_SKIP() << "this build's malloc is not ours to count";
  }
  std::vector<std::optional<std::string>> rows;
  std::vector<double> x;
  for (std::size_t i = 0; i < limits::kBlockRows; ++i) {
    rows.emplace_back("The BRIDGE and the Ship and a DRAW bridge " + std::string(i, 'Z'));
    x.insert(x.end(), {1.5, 0, static_cast<double>(i)});
  }
  Cells text_cells = texts(rows);
  Cells x_cells = matrix(3, x);
  const std::vector<View> in = {text_cells.view(), x_cells.view()};
  for (const TestGraph& graph : {text_graph(), logistic_on_mixed(false), logistic_on_mixed(true),
                                 trees_on_mixed(), layers()}) {
    const auto plan = *graph.load();
    Scratch scratch = plan->make_scratch();
    RowErrors refused;
    plan->run(limits::kBlockRows, in, 1, refused, scratch);
    const std::size_t before = allocations;
    for (int i = 0; i < 20; ++i) {
      plan->run(limits::kBlockRows, in, 1, refused, scratch);
      plan->run(1, in, 1, refused, scratch);
    }
    EXPECT_EQ(allocations, before) << plan->steps().back();
    EXPECT_FALSE(refused.any());
  }
  const std::size_t before = allocations;
  EXPECT_NE(std::make_unique<int>(1), nullptr);
  EXPECT_GT(allocations, before) << "nothing is counted";
}

// A block whose texts are as long as they may be asks for more than a scratch keeps.
TEST(Scratch, GivesBackWhatAHugeBlockTook) {
  std::string longest;
  while (longest.size() + 2 <= limits::kStringBytes) {
    longest += "A ";
  }
  std::vector<std::optional<std::string>> rows(limits::kBlockRows, "The BRIDGE");
  std::vector<std::optional<std::string>> huge_rows(limits::kBlockRows, longest);
  Cells usual = texts(rows);
  Cells huge = texts(huge_rows);
  Cells x = matrix(3, std::vector<double>(3 * limits::kBlockRows, 1.0));
  const std::vector<View> usual_in = {usual.view(), x.view()};
  const std::vector<View> huge_in = {huge.view(), x.view()};
  const auto plan = *text_graph().load();
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  const auto score = [&](const std::vector<View>& in) {
    return plan->run(limits::kBlockRows, in, 1, refused, scratch)[0].f64()[limits::kBlockRows - 1];
  };
  const double expected = score(usual_in);
  const std::size_t kept = scratch.grown();
  EXPECT_GT(kept, 0U);
  EXPECT_LE(kept, limits::kScratchKeptBytes);
  score(huge_in);
  EXPECT_FALSE(refused.any());
  EXPECT_EQ(scratch.grown(), 0U) << "more than " << limits::kScratchKeptBytes << " is given back";
  EXPECT_EQ(score(usual_in), expected);
  EXPECT_EQ(scratch.grown(), kept);
}
}  // namespace
}  // namespace bascule::testing
