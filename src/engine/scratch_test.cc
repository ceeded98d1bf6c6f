#include "engine/scratch.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstring>
#include <new>

#include "engine/testing.h"

namespace {
std::atomic<std::size_t> news = 0;  // calls of operator new in this test program
}  // namespace

// Counted so that a test can say that scoring allocates nothing. Not inlined: g++ would see malloc
// and free where it expects new and delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++news;
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

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

TEST(Scratch, AllocatesNothingAfterWarmUp) {
  const auto plan = *text_graph().load();
  std::vector<std::optional<std::string>> rows;
  std::vector<double> x;
  for (std::size_t i = 0; i < limits::kBlockRows; ++i) {
    rows.emplace_back("The BRIDGE and the Ship and a DRAW bridge " + std::string(i, 'Z'));
    x.insert(x.end(), {1.5, 0, static_cast<double>(i)});
  }
  Cells text_cells = texts(rows);
  Cells x_cells = matrix(3, x);
  const std::vector<View> in = {text_cells.view(), x_cells.view()};
  Scratch scratch = plan->make_scratch();
  RowErrors refused;
  plan->run(limits::kBlockRows, in, 1, refused, scratch);

  const std::size_t news_before = news;
  const auto heap_before = mallinfo2();
  for (int i = 0; i < 20; ++i) {
    plan->run(limits::kBlockRows, in, 1, refused, scratch);
    plan->run(1, in, 1, refused, scratch);
  }
  const auto heap_after = mallinfo2();
  EXPECT_EQ(news, news_before);
  EXPECT_EQ(heap_after.uordblks, heap_before.uordblks);
  EXPECT_EQ(heap_after.hblkhd, heap_before.hblkhd);
  EXPECT_FALSE(refused.any());
}
}  // namespace
}  // namespace bascule::testing
