#include "engine/trees/kernel.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <malloc.h>

#include <atomic>
#include <cstring>
#include <iostream>
#include <string_view>
#include <thread>

#include "base/limits.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/trees/cursor_layout.h"
#include "engine/trees/random_ensemble_testing.h"

namespace bascule::testing {
namespace {
std::vector<double> scored(const TreeKernel& kernel, const Ensemble& ensemble,
                           const std::vector<double>& x, const std::vector<double>& start,
                           std::size_t block) {
  const std::size_t rows = x.size() / ensemble.features;
  std::vector<double> out(rows * ensemble.outputs, -1);
  Scratch scratch;
  RowErrors refused;
  for (std::size_t row = 0; row < rows; row += block) {
    const std::size_t count = std::min(block, rows - row);
    refused.reset(count);
    const double* from = start.empty() ? nullptr : start.data() + row * ensemble.outputs;
    kernel.score(count, x.data() + row * ensemble.features, from,
                 out.data() + row * ensemble.outputs, refused, scratch);
    EXPECT_FALSE(refused.any());
  }
  return out;
}

void expect_same_bits(const TreeKernel& kernel, const RandomEnsemble& random,
                      const std::vector<double>& x, const std::vector<double>& start) {
  const Ensemble ensemble = random.ensemble();
  const auto expected = scored(*walk_kernel(ensemble), ensemble, x, start, 256);
  for (const std::size_t block : {1, 7, 40, 64, 100, 256}) {
    const auto got = scored(kernel, ensemble, x, start, block);
    const auto bytes = expected.size() * sizeof(double);
    ASSERT_EQ(std::memcmp(got.data(), expected.data(), bytes), 0)
        << kernel.name() << " in blocks of " << block;
  }
}

void expect_every_kernel_equal(const EnsembleShape& shape, std::uint64_t seed) {
  RandomEnsemble random(shape, seed);
  const Ensemble ensemble = random.ensemble();
  const auto x = random.rows(270);
  const auto start = seed % 3 == 0 ? random.starts(270) : std::vector<double>();
  if (const auto forest = forest_kernel(ensemble)) {
    expect_same_bits(*forest, random, x, start);
  }
  for (const CpuLevel level : kCpuLevels) {
    if (cpu_has(level)) {
      SCOPED_TRACE(cpu_level_name(level));
      if (const auto oblivious = oblivious_kernel(ensemble, level)) {
        expect_same_bits(*oblivious, random, x, start);
      }
      if (const auto cursor = cursor_kernel(ensemble, level)) {
        expect_same_bits(*cursor, random, x, start);
      }
      expect_same_bits(*best_kernel(ensemble, level), random, x, start);
    }
  }
}

EnsembleShape random_shape() {
  const auto up_to = [](std::size_t end) { return *rc::gen::inRange<std::size_t>(1, end); };
  EnsembleShape shape;
  shape.features = *rc::gen::element<std::size_t>(1, 3, 20, 70, 200, 400);
  shape.trees = *rc::gen::element<std::size_t>(1, 2, 5, 64, 65, 150);
  shape.leaves = *rc::gen::element<std::size_t>(1, 2, 8, 31, 33, 64, 65, 255, 256, 300);
  shape.full = *rc::gen::arbitrary<bool>();
  shape.outputs = *rc::gen::element<std::size_t>(1, 1, 1, 2, 5);
  shape.thresholds = up_to(*rc::gen::element<std::size_t>(8, 60, 130, 300, 900));
  shape.tree_output = *rc::gen::arbitrary<bool>();
  shape.float32_input = *rc::gen::arbitrary<bool>();
  shape.float32_sum = *rc::gen::arbitrary<bool>();
  shape.sets = *rc::gen::arbitrary<bool>();
  shape.edges = *rc::gen::arbitrary<bool>();
  shape.linear = (shape.outputs == 1 || shape.tree_output) && up_to(9) == 1;
  shape.divide_by = *rc::gen::element(1.0, 3.0, 100.0);
  return shape;
}

EnsembleShape random_symmetric_shape() {
  EnsembleShape shape = random_shape();
  shape.symmetric = true;
  shape.float32_input = true;
  shape.sets = false;
  shape.leaves = *rc::gen::element<std::size_t>(1, 2, 16, 64, 64, 256);
  return shape;
}

RC_GTEST_PROP(TreeKernels, GiveTheBitsOfThePlainWalk, ()) {
  const EnsembleShape shape = random_shape();
  expect_every_kernel_equal(shape, *rc::gen::arbitrary<std::uint64_t>());
  RC_ASSERT(!::testing::Test::HasFailure());
}

RC_GTEST_PROP(TreeKernels, GiveTheBitsOfThePlainWalkOnSymmetricTrees, ()) {
  const EnsembleShape shape = random_symmetric_shape();
  expect_every_kernel_equal(shape, *rc::gen::arbitrary<std::uint64_t>());
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(TreeKernels, EveryLevelOfThisProcessorIsTested) {
  for (const CpuLevel level : kCpuLevels) {
    if (!cpu_has(level)) {
      std::cout << "not tested here: " << cpu_level_name(level) << " (no such processor)\n";
    }
  }
  EXPECT_TRUE(cpu_has(CpuLevel::kBaseline));
  EXPECT_TRUE(cpu_has(best_cpu_level()));
}

// One of a kernel that takes no other's trees.
EnsembleShape shape_for(std::string_view kernel) {
  EnsembleShape shape;
  shape.features = 30;
  shape.trees = 130;
  shape.thresholds = 200;
  shape.float32_input = true;
  shape.edges = false;
  shape.leaves = kernel == "forest" ? 2'000 : 64;
  shape.symmetric = kernel == "oblivious";
  return shape;
}

// As the kernels' headers tell them. What is asked for is what the heap gives: vectors that have
// grown have no room left over.
TEST(TreeKernels, KeepTheMemoryOfALayoutBounded) {
  for (const std::string_view name : {"oblivious", "cursor", "forest"}) {
    for (const std::size_t outputs : {1, 2, 5}) {
      EnsembleShape shape = shape_for(name);
      shape.outputs = outputs;
      const RandomEnsemble random(shape, 7);
      const Ensemble ensemble = random.ensemble();
      const auto before = mallinfo2();
      const auto kernel = best_kernel(ensemble, best_cpu_level());
      const auto after = mallinfo2();
      ASSERT_EQ(kernel->name(), name);
      // A sanitizer's heap tells nothing.
      const std::size_t taken = std::max(
          kernel->bytes(), after.uordblks + after.hblkhd - before.uordblks - before.hblkhd);
      const std::size_t splits = ensemble.splits->splits();
      const std::size_t leaves = ensemble.splits->leaves();
      // In the narrowest types: feature 1 byte, right 2, threshold 4, missing_left 1, cover 2.
      const std::size_t tensors = 3 * (splits + leaves) + 7 * splits + 8 * leaves * outputs;
      const std::size_t small = 26 * shape.trees + 4'096;
      // Pivots and padding, or 16 to a column of each side of NaN.
      const std::size_t conditions = shape.features * 8 * 272;
      if (name == "forest") {
        EXPECT_LE(taken, tensors + tensors / 2);
      } else if (name == "cursor") {
        const std::size_t padded = (shape.trees + 63) / 64 * 64 * (shape.leaves - 1);
        EXPECT_LE(taken, 6 * splits + 4 * padded + 8 * leaves * outputs + conditions + small);
      } else {
        const std::size_t levels = (shape.trees + 63) / 64 * 64 * 6;
        EXPECT_LE(taken, 7 * levels + 8 * leaves * outputs + conditions + small);
      }
    }
  }
}

TEST(TreeKernels, AreSharedByThreads) {
  for (const std::string_view name : {"oblivious", "cursor", "forest"}) {
    RandomEnsemble random(shape_for(name), 8);
    const Ensemble ensemble = random.ensemble();
    const auto kernel = best_kernel(ensemble, best_cpu_level());
    const auto x = random.rows(256);
    const auto expected = scored(*walk_kernel(ensemble), ensemble, x, {}, 256);
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (std::size_t thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&, thread] {
          for (const std::size_t block : {thread + 1, std::size_t{64}, std::size_t{256}}) {
            wrong += scored(*kernel, ensemble, x, {}, block) == expected ? 0 : 1;
          }
        });
      }
    }
    EXPECT_EQ(wrong, 0) << name;
  }
}

TEST(TreeKernels, AllocateNothingInAWarmCall) {
  for (const std::size_t leaves : {31, 400}) {
    EnsembleShape shape;
    shape.leaves = leaves;
    shape.float32_input = true;
    shape.edges = false;
    RandomEnsemble random(shape, 6);
    const Ensemble ensemble = random.ensemble();
    const auto kernel = best_kernel(ensemble, best_cpu_level());
    EXPECT_EQ(kernel->name(), leaves == 31 ? "cursor" : "forest");
    const auto x = random.rows(limits::kBlockRows);
    std::vector<double> out(limits::kBlockRows);
    Scratch scratch;
    RowErrors refused;
    kernel->score(limits::kBlockRows, x.data(), nullptr, out.data(), refused, scratch);
    const auto before = mallinfo2();
    for (int i = 0; i < 20; ++i) {
      kernel->score(limits::kBlockRows, x.data(), nullptr, out.data(), refused, scratch);
      kernel->score(1, x.data(), nullptr, out.data(), refused, scratch);
    }
    const auto after = mallinfo2();
    EXPECT_EQ(after.uordblks, before.uordblks);
    EXPECT_EQ(after.hblkhd, before.hblkhd);
  }
}

// From bits in one register to words in memory, where there are too many conditions for bits.
TEST(TreeKernels, ObliviousTakesAnyNumberOfConditions) {
  for (const std::size_t thresholds : {3, 40, 70, 200, 1'500}) {
    EnsembleShape shape;
    shape.features = 10;
    shape.trees = thresholds < 1'000 ? 500 : 1'200;
    shape.leaves = 64;
    shape.thresholds = thresholds;
    shape.float32_input = true;
    shape.edges = false;
    shape.symmetric = true;
    ASSERT_NE(oblivious_kernel(RandomEnsemble(shape, 4).ensemble(), CpuLevel::kBaseline), nullptr);
    expect_every_kernel_equal(shape, 4);
  }
}

TEST(TreeKernels, ObliviousLeavesOtherTreesToTheCursor) {
  EnsembleShape shape;
  shape.leaves = 64;
  shape.symmetric = true;
  shape.edges = false;
  const auto name = [&] {
    const RandomEnsemble random(shape, 5);
    const Ensemble ensemble = random.ensemble();
    return std::string(best_kernel(ensemble, CpuLevel::kBaseline)->name());
  };
  EXPECT_EQ(name(), "cursor");  // float64 inputs
  shape.float32_input = true;
  EXPECT_EQ(name(), "oblivious");
  shape.symmetric = false;
  EXPECT_EQ(name(), "cursor");
}

TEST(TreeKernels, CursorTakesTreesOfUpTo256Leaves) {
  EnsembleShape shape;
  shape.leaves = 256;
  EXPECT_NE(cursor_kernel(RandomEnsemble(shape, 1).ensemble(), CpuLevel::kBaseline), nullptr);
  shape.leaves = 257;
  EXPECT_EQ(cursor_kernel(RandomEnsemble(shape, 1).ensemble(), CpuLevel::kBaseline), nullptr);
}

// Trees of one size keep the library's order, in which leaves are added beside the walk: of two
// groups at a time, and of one that is left.
TEST(TreeKernels, CursorAddsTreesOfOneSizeInTheirOrder) {
  for (const std::size_t trees : {64, 65, 128, 300, 400}) {
    for (const bool narrow : {false, true}) {
      EnsembleShape shape;
      shape.trees = trees;
      shape.leaves = 31;
      shape.full = true;
      shape.float32_sum = narrow;
      const RandomEnsemble random(shape, trees);
      const auto layout = CursorLayout::build(random.ensemble());
      ASSERT_TRUE(layout.has_value());
      EXPECT_TRUE(layout->data().in_order);
      expect_every_kernel_equal(shape, trees);
      expect_every_kernel_equal(shape, 3 * trees);  // with starts
    }
  }
}

TEST(TreeKernels, CursorTakesMoreThan256ColumnsInWindows) {
  EnsembleShape shape;
  shape.features = 1'000;
  shape.trees = 300;
  shape.leaves = 8;
  shape.sets = true;
  ASSERT_NE(cursor_kernel(RandomEnsemble(shape, 2).ensemble(), CpuLevel::kBaseline), nullptr);
  expect_every_kernel_equal(shape, 2);
}

TEST(TreeKernels, CursorTakesMoreThan255ThresholdsOfAFeature) {
  EnsembleShape shape;
  shape.features = 2;
  shape.trees = 200;
  shape.thresholds = 2'000;
  ASSERT_NE(cursor_kernel(RandomEnsemble(shape, 3).ensemble(), CpuLevel::kBaseline), nullptr);
  expect_every_kernel_equal(shape, 3);
}

TEST(TreeKernels, ForestTakesTreesOfAnyDepth) {
  EnsembleShape shape;
  shape.features = 30;
  shape.trees = 60;
  shape.leaves = 3'000;
  shape.thresholds = 1'000;
  shape.outputs = 3;
  shape.float32_input = true;
  shape.edges = false;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    ASSERT_NE(forest_kernel(RandomEnsemble(shape, seed).ensemble()), nullptr);
    expect_every_kernel_equal(shape, seed);
    shape.tree_output = !shape.tree_output;
  }
}

TEST(TreeKernels, ForestLeavesAFiniteThresholdBeyondFloat32ToTheWalk) {
  RandomEnsemble random({.leaves = 2, .float32_input = true}, 1);
  random.set_thresholds(1e300);
  EXPECT_EQ(forest_kernel(random.ensemble()), nullptr);
  random.set_thresholds(std::numeric_limits<double>::infinity());
  EXPECT_NE(forest_kernel(random.ensemble()), nullptr);
}
}  // namespace
}  // namespace bascule::testing
