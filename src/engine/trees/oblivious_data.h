// The layout of symmetric trees as its kernels see it: plain data, borrowed.
//
// In a symmetric (oblivious) tree, which CatBoost grows, all splits of a level ask the same. So the
// answers, read as a binary number with the root's first, are the leaf, and a tree of 63 splits is
// 6 look-ups. Trees share their questions: each distinct one is answered once.
//
// Inputs are float32 here, and so are borders, rounded down: x <= t exactly when x is at most the
// largest float32 that t is not below. The answer is x > border, true for right. NaN becomes +inf
// where it goes right and -inf where it goes left. A real +inf must not pass a border of +inf that
// NaN passes: where a feature has one, it becomes the largest finite number, and so does the
// border.
#pragma once

#include "engine/trees/leaf_sums_data.h"

namespace bascule {

inline constexpr std::size_t kObliviousDepth = 8;  // of a tree, at most: a leaf is a byte
// What 256 bytes of bits hold, which is what a lane's byte can look up.
inline constexpr std::size_t kTableConditions = 2'048;
inline constexpr std::size_t kConditionsAtOnce = 16;  // a feature's are padded to a multiple of it
inline constexpr std::size_t kAnswersAtOnce = 64;     // and all together to one of it

// Conditions of one feature and one side of NaN.
struct ObliviousFeature {
  std::uint32_t feature;
  std::uint32_t first;  // condition; a multiple of 16
  std::uint32_t count;
  float missing;  // what NaN becomes
  float largest;  // what larger numbers become
};

struct ObliviousData : LeafSums {
  std::size_t used;  // features
  const ObliviousFeature* feature;
  std::size_t conditions;  // with their padding
  const float* border;     // [conditions], padded with +inf, which nothing is above

  // One row, where the first features are used once each, in their order: what NaN becomes of each
  // and what larger numbers become, filled up to a multiple of 16; null where they are not.
  const float* cell_missing;
  const float* cell_largest;
  const std::uint32_t* asked;  // [conditions / 16] the used feature that they ask

  // Rows in lanes: the conditions of a tree, the root's first.
  const std::uint32_t* tree_level;  // [trees + 1] into the next
  const std::uint32_t* condition;

  // Trees in lanes, tree after tree. A step of a group, one for each level, is 2 vectors of 64
  // bytes: which byte of the answers' bits, and which of its bits (0 where the tree is not as
  // deep); and a third, in which 256 bytes it is, when there are more than kTableConditions.
  const std::uint8_t* steps;
  std::size_t depth;
};

// x [rows, features] -> out [rows, outputs]; start [rows, outputs] or null. Any number of rows.
// The answers of `room` are 64 bytes a condition, and 256 more.
using ObliviousKernel = void (*)(const ObliviousData& data, std::size_t rows, const double* x,
                                 const double* start, double* out, const LaneRoom& room) noexcept;
void oblivious_baseline(const ObliviousData& data, std::size_t rows, const double* x,
                        const double* start, double* out, const LaneRoom& room) noexcept;
void oblivious_avx2(const ObliviousData& data, std::size_t rows, const double* x,
                    const double* start, double* out, const LaneRoom& room) noexcept;
void oblivious_avx512(const ObliviousData& data, std::size_t rows, const double* x,
                      const double* start, double* out, const LaneRoom& room) noexcept;

}  // namespace bascule
