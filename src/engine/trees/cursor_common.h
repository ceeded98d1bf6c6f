// What the kernels of the leaf cursor share: ranks, sums, and the choice between one row and 64.
//
// Each kernel file includes this once, and gets its own copy, compiled for its own processor: that
// is why the namespace has no name. `Level` is the kernel file's struct of static functions:
//   count8(t, x)                       how many of t[0..8) are below x
//   trees_in_lanes(data, room)         the leaf of each slot, from the columns of one row
//   rows_in_lanes(data, rows, columns, values, sums)   adds all trees for up to 64 rows
// Nothing but integers depends on the width of a register; leaves are added in the library's order.
#pragma once

#include "engine/trees/cursor_data.h"

namespace bascule {
namespace {

// From so many rows on 64 lanes of rows, partly filled, cost less than row by row.
inline constexpr std::size_t kRowsForLanes = 32;

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
inline void rank_feature(const CursorData& data, const CursorNumber& plan, std::size_t rows,
                         const double* x, std::uint8_t* columns, std::size_t stride) {
  const bool has_right = plan.column_right != CursorNumber::kNone;
  const bool has_left = plan.column_left != CursorNumber::kNone;
  std::uint8_t* right = columns + (has_right ? plan.column_right : 0) * stride;
  std::uint8_t* left = columns + (has_left ? plan.column_left : 0) * stride;
  x += plan.feature;
  for (std::size_t row = 0; row < rows; ++row, x += data.features) {
    const double cell = data.float32_input ? static_cast<double>(static_cast<float>(*x)) : *x;
    const bool missing = cell != cell;
    const unsigned rank = rank_of<Level, search>(data.table, plan, cell);  // of NaN: 0
    for (std::uint32_t c = 0; c < plan.columns; ++c) {
      const unsigned below = 255 * c;
      const unsigned beyond = rank > below ? rank - below : 0;
      const auto byte = static_cast<std::uint8_t>(beyond < 255 ? beyond : 255);
      if (has_right) {
        right[c * stride + row] = missing ? 255 : byte;
      }
      if (has_left) {
        left[c * stride + row] = byte;
      }
    }
  }
}

inline void look_up_category(const CursorData& data, const CursorCategory& plan, std::size_t rows,
                             const double* x, std::uint8_t* columns, std::size_t stride) {
  columns += plan.column * stride;
  x += plan.feature;
  for (std::size_t row = 0; row < rows; ++row, x += data.features) {
    const double cell = data.float32_input ? static_cast<double>(static_cast<float>(*x)) : *x;
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

template <typename Level>
inline void fill_columns(const CursorData& data, std::size_t rows, const double* x,
                         std::uint8_t* columns, std::size_t stride) {
  for (std::size_t i = 0; i < data.numbers; ++i) {
    const CursorNumber& plan = data.number[i];
    switch (plan.search) {
      case CursorSearch::kBlock8:
        rank_feature<Level, CursorSearch::kBlock8>(data, plan, rows, x, columns, stride);
        break;
      case CursorSearch::kPivots8Block8:
        rank_feature<Level, CursorSearch::kPivots8Block8>(data, plan, rows, x, columns, stride);
        break;
      case CursorSearch::kPivots16Block8:
        rank_feature<Level, CursorSearch::kPivots16Block8>(data, plan, rows, x, columns, stride);
        break;
      case CursorSearch::kPivots16Block16:
        rank_feature<Level, CursorSearch::kPivots16Block16>(data, plan, rows, x, columns, stride);
        break;
      case CursorSearch::kHalving:
        rank_feature<Level, CursorSearch::kHalving>(data, plan, rows, x, columns, stride);
        break;
    }
  }
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

template <typename Sum>
inline Sum sum_at_start(const CursorData& data, const double* start, std::size_t row,
                        std::size_t output) {
  return static_cast<Sum>(start != nullptr ? start[row * data.outputs + output]
                                           : data.base[output]);
}

template <typename Sum>
inline double divided(const CursorData& data, Sum sum) {
  return data.divide_by == 1 ? sum : sum / static_cast<Sum>(data.divide_by);
}

// values[leaf[row]] for 64 rows.
template <typename Sum>
inline void add_leaves(const Sum* values, const std::uint8_t* leaf, Sum* sums) {
  for (std::size_t row = 0; row < kCursorLanes; ++row) {
    sums[row] += values[leaf[row]];
  }
}

// Leaves of several columns: sums are [rows][outputs].
template <typename Sum>
inline void add_vectors(const CursorData& data, std::size_t rows, const Sum* values,
                        const std::uint8_t* leaf, Sum* sums) {
  for (std::size_t row = 0; row < rows; ++row) {
    const Sum* from = values + leaf[row] * data.leaf_width;
    for (std::size_t k = 0; k < data.leaf_width; ++k) {
      sums[row * data.leaf_width + k] += from[k];
    }
  }
}

template <typename Sum>
inline void sum_one_row(const CursorData& data, const Sum* values, const double* start,
                        const std::uint8_t* leaves, Sum* sums, double* out) {
  if (data.leaf_width == 1) {
    for (std::size_t k = 0; k < data.outputs; ++k) {
      Sum sum = sum_at_start<Sum>(data, start, 0, k);
      for (std::uint32_t i = data.output_tree[k]; i < data.output_tree[k + 1]; ++i) {
        sum += values[data.slot_leaf[i] + leaves[data.slot[i]]];
      }
      out[k] = divided(data, sum);
    }
    return;
  }
  for (std::size_t k = 0; k < data.outputs; ++k) {
    sums[k] = sum_at_start<Sum>(data, start, 0, k);
  }
  for (std::size_t i = 0; i < data.trees; ++i) {
    add_vectors(data, 1, values + data.slot_leaf[i] * data.leaf_width, leaves + data.slot[i], sums);
  }
  for (std::size_t k = 0; k < data.outputs; ++k) {
    out[k] = divided(data, sums[k]);
  }
}

template <typename Level, typename Sum>
inline void sum_block(const CursorData& data, std::size_t rows, const Sum* values,
                      const double* start, const std::uint8_t* columns, Sum* sums, double* out) {
  // Where a sum stands: by output with trees of one output, by row with leaves of several.
  const bool by_row = data.leaf_width > 1;
  const std::size_t row_step = by_row ? data.outputs : 1;
  const std::size_t output_step = by_row ? 1 : kCursorLanes;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < data.outputs; ++k) {
      sums[row * row_step + k * output_step] = sum_at_start<Sum>(data, start, row, k);
    }
  }
  Level::rows_in_lanes(data, rows, columns, values, sums);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < data.outputs; ++k) {
      out[row * data.outputs + k] = divided(data, sums[row * row_step + k * output_step]);
    }
  }
}

template <typename Level, typename Sum>
inline void score_rows(const CursorData& data, std::size_t rows, const double* x,
                       const double* start, double* out, const CursorRoom& room,
                       const Sum* values) {
  Sum* sums = reinterpret_cast<Sum*>(room.sums);
  while (rows > 0) {
    const std::size_t taken = rows >= kCursorLanes    ? kCursorLanes
                              : rows >= kRowsForLanes ? rows
                                                      : 1;
    if (taken > 1) {
      fill_columns<Level>(data, taken, x, room.columns, kCursorLanes);
      sum_block<Level>(data, taken, values, start, room.columns, sums, out);
    } else {
      fill_columns<Level>(data, 1, x, room.columns, 1);
      Level::trees_in_lanes(data, room);
      sum_one_row(data, values, start, room.leaves, sums, out);
    }
    rows -= taken;
    x += taken * data.features;
    start = start != nullptr ? start + taken * data.outputs : nullptr;
    out += taken * data.outputs;
  }
}

template <typename Level>
inline void score_with(const CursorData& data, std::size_t rows, const double* x,
                       const double* start, double* out, const CursorRoom& room) {
  if (data.leaf32 != nullptr) {
    score_rows<Level>(data, rows, x, start, out, room, data.leaf32);
  } else {
    score_rows<Level>(data, rows, x, start, out, room, data.leaf64);
  }
}

// Where a tree's leaves and its sums start.
template <typename Sum>
inline const Sum* leaves_of(const CursorData& data, std::size_t tree, const Sum* values) {
  return values + data.tree_leaf[tree] * data.leaf_width;
}
template <typename Sum>
inline Sum* sums_of(const CursorData& data, std::size_t tree, Sum* sums) {
  return data.tree_output == nullptr ? sums : sums + data.tree_output[tree] * kCursorLanes;
}

}  // namespace
}  // namespace bascule
