// What the kernels of the leaf cursor share: how a row's numbers become bytes. See lanes_common.h
// for how it is shared, and for what else a Level has; here count8(t, x) tells how many of t[0..8)
// are below x.
#pragma once

#include "engine/trees/cursor_data.h"
#include "engine/trees/lanes_common.h"

namespace bascule {
namespace {

template <typename Level, CursorSearch search>
inline unsigned rank_of(const double* table, const CursorNumber& plan, double x) {
  const double* t = table + plan.thresholds;
  const double* pivots = table + plan.pivots;
  const auto count8 = [x](const double* at) { return Level::count8(at, x); };
  if constexpr (search == CursorSearch::kBlock8) {
    return count8(t);
  } else if constexpr (search == CursorSearch::kPivots8Block8) {
    const unsigned block = 8 * count8(pivots);
    return block + count8(t + block);
  } else if constexpr (search == CursorSearch::kPivots16Block8) {
    const unsigned block = 8 * (count8(pivots) + count8(pivots + 8));
    return block + count8(t + block);
  } else if constexpr (search == CursorSearch::kPivots16Block16) {
    const unsigned block = 16 * (count8(pivots) + count8(pivots + 8));
    return block + count8(t + block) + count8(t + block + 8);
  } else {
    const double* low = t;
    for (std::uint32_t left = plan.count; left > 1;) {
      const std::uint32_t half = left / 2;
      low += low[half - 1] < x ? half : 0;
      left -= half;
    }
    return static_cast<unsigned>(low - t) + (*low < x ? 1 : 0);
  }
}

// The columns of one feature for `rows` rows: column c of row r stands at columns[c * stride + r].
template <typename Level, CursorSearch search>
inline void rank_feature(const CursorData& data, const CursorNumber& number, std::size_t rows,
                         const double* x, std::uint8_t* columns, std::size_t stride) {
  // Copies: for all the compiler knows, the bytes that are written here could change them.
  const CursorNumber plan = number;
  const double* table = data.table;
  const std::size_t features = data.features;
  const bool narrow = data.float32_input;
  std::uint8_t* right = columns + plan.column_right * stride;
  std::uint8_t* left = columns + plan.column_left * stride;
  x += plan.feature;
  if (plan.columns == 1) {
    for (std::size_t row = 0; row < rows; ++row, x += features) {
      const double cell = narrow ? as_float32(*x) : *x;
      const auto rank = static_cast<std::uint8_t>(rank_of<Level, search>(table, plan, cell));
      left[row] = rank;  // of NaN: 0
      right[row] = cell != cell ? 255 : rank;
    }
    return;
  }
  for (std::size_t row = 0; row < rows; ++row, x += features) {
    const double cell = narrow ? as_float32(*x) : *x;
    const unsigned rank = rank_of<Level, search>(table, plan, cell);
    for (std::uint32_t c = 0; c < plan.columns; ++c) {
      const unsigned below = 255 * c;
      const unsigned beyond = rank > below ? rank - below : 0;
      const auto byte = static_cast<std::uint8_t>(beyond < 255 ? beyond : 255);
      left[c * stride + row] = byte;
      right[c * stride + row] = cell != cell ? 255 : byte;
    }
  }
}

inline void look_up_category(const CursorData& data, const CursorCategory& plan, std::size_t rows,
                             const double* x, std::uint8_t* columns, std::size_t stride) {
  columns += plan.column * stride;
  x += plan.feature;
  for (std::size_t row = 0; row < rows; ++row, x += data.features) {
    const double cell = input_cell(data, *x);
    std::size_t code = plan.categories;
    if (cell != cell) {
      ++code;
    } else if (cell > -1 && cell < plan.categories) {
      code = static_cast<std::size_t>(static_cast<std::int64_t>(cell));
    }
    const std::uint8_t* bytes = data.category_bytes + plan.table + code * plan.columns;
    for (std::uint32_t c = 0; c < plan.columns; ++c) {
      columns[c * stride + row] = bytes[c];
    }
  }
}

// One function for each search, or they would not all fit into the registers.
template <typename Level, CursorSearch search, bool kOneRow>
[[gnu::noinline]] void rank_features(const CursorData& data, std::size_t rows, const double* x,
                                     std::uint8_t* columns, std::size_t stride) {
  const auto kind = static_cast<std::size_t>(search);
  const CursorNumber* end = data.number + data.search_end[kind];
  const CursorNumber* number = data.number + (kind == 0 ? 0 : data.search_end[kind - 1]);
  for (; number != end; ++number) {
    rank_feature<Level, search>(data, *number, kOneRow ? 1 : rows, x, columns,
                                kOneRow ? 1 : stride);
  }
}

template <typename Level, bool kOneRow>
inline void fill_columns(const CursorData& data, std::size_t rows, const double* x,
                         std::uint8_t* columns, std::size_t stride) {
  using enum CursorSearch;
  rank_features<Level, kBlock8, kOneRow>(data, rows, x, columns, stride);
  rank_features<Level, kPivots8Block8, kOneRow>(data, rows, x, columns, stride);
  rank_features<Level, kPivots16Block8, kOneRow>(data, rows, x, columns, stride);
  rank_features<Level, kPivots16Block16, kOneRow>(data, rows, x, columns, stride);
  rank_features<Level, kHalving, kOneRow>(data, rows, x, columns, stride);
  for (std::size_t i = 0; i < data.categories; ++i) {
    look_up_category(data, data.category[i], rows, x, columns, stride);
  }
}

// The columns that a group looks at, where trees in lanes can reach them: at most 256 bytes.
inline const std::uint8_t* columns_of_group(const CursorData& data, std::size_t group,
                                            const std::uint8_t* columns, std::uint8_t* gathered) {
  if (data.group_columns == nullptr) {
    return columns;
  }
  const std::uint16_t* from = data.group_columns + data.group_column[group];
  const std::size_t count = data.group_column[group + 1] - data.group_column[group];
  for (std::size_t i = 0; i < count; ++i) {
    gathered[i] = columns[from[i]];
  }
  return gathered;
}

// Asks for a line of each page that a row with its trees in lanes is going to read. The processor
// fetches ahead within a page, and only there: a call that finds nothing in the caches would wait
// for one page after the other to be found.
inline void fetch_pages(const CursorData& data) {
  constexpr std::size_t kPage = 4096;
  const auto fetch = [](const void* from, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += kPage) {
      __builtin_prefetch(static_cast<const char*>(from) + at);
    }
  };
  const std::size_t step = (data.masks ? 5 : 4) * kTreeLanes;
  fetch(data.steps, data.group_step[data.groups] * step);
  const std::size_t last = data.trees - 1;
  const std::size_t leaves = (data.tree_leaf[last] + data.tree_leaves[last]) * data.leaf_width;
  if (data.leaf32 != nullptr) {
    fetch(data.leaf32, leaves * sizeof(float));
  } else {
    fetch(data.leaf64, leaves * sizeof(double));
  }
}

// What score_rows wants of a cursor's kernel, but for the walk itself.
template <typename Level>
class CursorAnswers {
 public:
  static void answer_row(const CursorData& data, const double* x, const LaneRoom& room) {
    fill_columns<Level, true>(data, 1, x, room.answers, 1);
  }
  static void answer_block(const CursorData& data, std::size_t rows, const double* x,
                           const LaneRoom& room) {
    fill_columns<Level, false>(data, rows, x, room.answers, kTreeLanes);
  }

 private:
  CursorAnswers() = default;
  friend Level;
};

}  // namespace
}  // namespace bascule
