// The leaf cursor's layout as its kernels see it: plain data, borrowed.
//
// The idea. Number the leaves of a tree from left to right. A split covers a range of leaves that
// starts at `first`; those of its right subtree start at `right`. One byte of state, the cursor, is
// the leftmost leaf still possible. Visit all splits in pre-order, starting at leaf 0:
//
//     if (cursor == first && answer > rank) cursor = right;
//
// A split is on the row's path exactly when the cursor stands on its first leaf as it is visited:
// an ancestor that sent the row right has moved the cursor past it, one that sent it left has not.
// After the last split the cursor is the leaf. There is no branch and no pointer, so that 64
// cursors fit a register: 64 trees of one row, or 64 rows of one tree.
//
// `answer` is a byte of a column. For numbers it is a rank: how many of the model's own thresholds
// of that feature are below x. Then x <= threshold[i] exactly when rank(x) <= i, for every float
// type. 255 thresholds fill a column; more of them take several. NaN is 255 where it goes right and
// 0 where it goes left, which is not what infinity is: libraries write a threshold of +inf that NaN
// alone passes. For categories it is one bit for each distinct set, 1 for right, eight to a column;
// such a split reads (column & mask) > 0.
#pragma once

#include "engine/trees/leaf_sums_data.h"

namespace bascule {

inline constexpr std::size_t kCursorGroupColumns = 256;  // that a group of trees looks at, at most

// In pre-order.
struct CursorSplit {
  std::uint16_t column;
  std::uint8_t rank;
  std::uint8_t first;
  std::uint8_t right;
  std::uint8_t mask;  // 255 for numbers
};

// How a number becomes bytes: pivots below x choose a block of thresholds, those below x in it are
// counted.
enum class CursorSearch : std::uint8_t {
  kBlock8,           // at most 8 thresholds
  kPivots8Block8,    // 64
  kPivots16Block8,   // 128
  kPivots16Block16,  // 256
  kHalving,          // any number
};
inline constexpr std::size_t kCursorSearches = 5;
struct CursorNumber {
  std::uint32_t feature;
  std::uint32_t pivots;      // into `table`, at a multiple of 8
  std::uint32_t thresholds;  // likewise
  std::uint32_t count;
  // Its first column where NaN goes right, and where left. A side that no split asks for is written
  // to columns behind all others, which nobody reads.
  std::uint32_t column_right;
  std::uint32_t column_left;
  std::uint32_t columns;  // of each of the two
};

// How a category becomes bytes: a row of a table. After the rows of the categories come that of
// numbers which are none, and that of NaN.
struct CursorCategory {
  std::uint32_t feature;
  std::uint32_t categories;
  std::uint32_t table;  // into `category_bytes`
  std::uint32_t column;
  std::uint32_t columns;
};

struct CursorData : LeafSums {
  std::size_t columns;  // spare ones among them
  std::size_t categories;
  const CursorNumber* number;  // by search
  std::size_t search_end[kCursorSearches];
  const CursorCategory* category;
  const double* table;  // pivots and thresholds; padded with +inf, which is below nothing
  const std::uint8_t* category_bytes;

  // Rows in lanes.
  const std::uint32_t* tree_split;  // [trees + 1] into splits
  const CursorSplit* splits;

  // Trees in lanes: trees by their size, largest first, in groups of up to 64. A step of a group is
  // 4 vectors of 64 bytes, column, rank, first, right, and a fifth, mask, where there are masks.
  const std::uint8_t* steps;
  const std::uint32_t* group_step;  // [groups + 1] into steps
  // Which columns a group looks at, when the model has more than 256; null: all, as they are.
  const std::uint16_t* group_columns;
  const std::uint32_t* group_column;  // [groups + 1] into group_columns
  std::size_t widest_group;           // columns
  bool masks;
};

// x [rows, features] -> out [rows, outputs]; start [rows, outputs] or null. Any number of rows.
// The answers of `room` are 64 bytes a column, and 256 more; its spare bytes gather those of two
// groups.
using CursorKernel = void (*)(const CursorData& data, std::size_t rows, const double* x,
                              const double* start, double* out, const LaneRoom& room) noexcept;
void cursor_baseline(const CursorData& data, std::size_t rows, const double* x, const double* start,
                     double* out, const LaneRoom& room) noexcept;
void cursor_avx2(const CursorData& data, std::size_t rows, const double* x, const double* start,
                 double* out, const LaneRoom& room) noexcept;
void cursor_avx512(const CursorData& data, std::size_t rows, const double* x, const double* start,
                   double* out, const LaneRoom& room) noexcept;

}  // namespace bascule
