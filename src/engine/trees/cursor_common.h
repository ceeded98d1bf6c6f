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
inline void rank_feature(const CursorData& data, const CursorNumber& plan, std::size_t rows,
                         const double* x, std::uint8_t* columns, std::size_t stride) {
  const bool has_right = plan.column_right != CursorNumber::kNone;
  const bool has_left = plan.column_left != CursorNumber::kNone;
  std::uint8_t* right = columns + (has_right ? plan.column_right : 0) * stride;
  std::uint8_t* left = columns + (has_left ? plan.column_left : 0) * stride;
  x += plan.feature;
  for (std::size_t row = 0; row < rows; ++row, x += data.features) {
    const double cell = input_cell(data, *x);
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

// What score_rows wants of a cursor's kernel, but for the walk itself.
template <typename Level>
class CursorAnswers {
 public:
  static void answer_row(const CursorData& data, const double* x, const LaneRoom& room) {
    fill_columns<Level>(data, 1, x, room.answers, 1);
  }
  static void answer_block(const CursorData& data, std::size_t rows, const double* x,
                           const LaneRoom& room) {
    fill_columns<Level>(data, rows, x, room.answers, kTreeLanes);
  }

 private:
  CursorAnswers() = default;
  friend Level;
};

}  // namespace
}  // namespace bascule
