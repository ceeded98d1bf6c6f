// What the kernels with lanes share: the choice between one row and 64, and the sums.
//
// Each kernel file includes this once, and gets its own copy, compiled for its own processor: that
// is why the namespace has no name. `Level` is the kernel file's struct of static functions, where
// `Data` is the kernel's, a LeafSums:
//   answer_row(data, x, room)              what trees_in_lanes asks
//   trees_in_lanes(data, room, sum)        the leaf of each slot of one row; may tell the RowSum
//   answer_block(data, rows, x, room)      what rows_in_lanes asks
//   rows_in_lanes(data, block, values, sums)   calls add_tree for each tree in order
//   add_leaves(values, leaves, leaf, sums)     values[leaf[row]] for 64 rows, of so many
// Nothing but integers depends on the width of a register; leaves are added in the library's order.
#pragma once

#include "engine/trees/leaf_sums_data.h"

namespace bascule {
namespace {

// From so many rows on 64 lanes of rows, partly filled, cost less than row by row.
inline constexpr std::size_t kRowsForLanes = 32;

// Up to 64 rows.
struct Block {
  std::size_t rows;
  const double* x;
  const std::uint8_t* answers;
};

template <typename Sum>
inline Sum sum_at_start(const LeafSums& data, const double* start, std::size_t row,
                        std::size_t output) {
  return static_cast<Sum>(start != nullptr ? start[row * data.outputs + output]
                                           : data.base[output]);
}

template <typename Sum>
inline double divided(const LeafSums& data, Sum sum) {
  return data.divide_by == 1 ? sum : sum / static_cast<Sum>(data.divide_by);
}

// As the library's float type has it.
inline double as_float32(double x) {
  return static_cast<double>(static_cast<float>(x));
}
inline double input_cell(const LeafSums& data, double x) {
  return data.float32_input ? as_float32(x) : x;
}

// values[leaf[row]] for 64 rows.
template <typename Sum>
inline void add_each(const Sum* values, const std::uint8_t* leaf, Sum* sums) {
  for (std::size_t row = 0; row < kTreeLanes; ++row) {
    sums[row] += values[leaf[row]];
  }
}

// Leaves of several columns: sums are [rows][outputs].
template <typename Sum>
inline void add_vectors(const LeafSums& data, std::size_t rows, const Sum* values,
                        const std::uint8_t* leaf, Sum* sums) {
  for (std::size_t row = 0; row < rows; ++row) {
    const Sum* from = values + leaf[row] * data.leaf_width;
    for (std::size_t k = 0; k < data.leaf_width; ++k) {
      sums[row * data.leaf_width + k] += from[k];
    }
  }
}

// A leaf's linear model, as LinearLeaves::value has it.
template <typename Sum>
inline Sum linear_value(const LeafSums& data, std::size_t leaf, const double* x, Sum otherwise) {
  double sum = data.linear_constant[leaf];
  for (std::uint32_t term = data.linear_start[leaf]; term < data.linear_start[leaf + 1]; ++term) {
    const double cell = input_cell(data, x[data.linear_column[term]]);
    if (cell != cell) {
      return otherwise;
    }
    sum += data.linear_weight[term] * cell;
  }
  return static_cast<Sum>(sum);
}

// The leaves of one tree for the rows of a block.
template <typename Level, typename Sum>
inline void add_tree(const LeafSums& data, std::size_t tree, const Block& block, const Sum* values,
                     const std::uint8_t* leaf, Sum* sums) {
  const std::size_t first = data.tree_leaf[tree];
  if (data.tree_output != nullptr) {
    sums += data.tree_output[tree] * kTreeLanes;
  }
  if (data.leaf_width > 1) {
    add_vectors(data, block.rows, values + first * data.leaf_width, leaf, sums);
  } else if (data.linear_start == nullptr) {
    Level::add_leaves(values + first, data.tree_leaves[tree], leaf, sums);
  } else {
    for (std::size_t row = 0; row < block.rows; ++row) {
      const std::size_t at = first + leaf[row];
      sums[row] += linear_value(data, at, block.x + row * data.features, values[at]);
    }
  }
}

// The sum of one row whose slots are in order. Its additions wait for each other: so a kernel has
// those of a group of trees made while it walks the next one. Of other rows it adds nothing.
template <typename Sum>
class RowSum {
 public:
  RowSum(const LeafSums& data, const Sum* values, const double* start, const std::uint8_t* leaves)
      : tree_leaf_(data.tree_leaf),
        values_(values),
        leaves_(leaves),
        sum_(data.in_order ? sum_at_start<Sum>(data, start, 0, 0) : 0),
        end_(data.in_order ? data.trees : 0) {}

  // The leaves of the first `slots` slots stand: adds those that stood before.
  void reach(std::size_t slots) {
    add_until(reached_);
    reached_ = slots < end_ ? slots : end_;
  }
  Sum finish() {
    add_until(end_);
    return sum_;
  }

 private:
  void add_until(std::size_t end) {
    for (; added_ < end; ++added_) {
      sum_ += values_[tree_leaf_[added_] + leaves_[added_]];
    }
  }

  const std::uint32_t* tree_leaf_;
  const Sum* values_;
  const std::uint8_t* leaves_;
  Sum sum_;
  std::size_t end_;
  std::size_t reached_ = 0;
  std::size_t added_ = 0;
};

template <typename Sum>
inline void sum_one_row(const LeafSums& data, const Sum* values, const double* x,
                        const double* start, const std::uint8_t* leaves, Sum* sums, double* out) {
  if (data.leaf_width == 1) {
    for (std::size_t k = 0; k < data.outputs; ++k) {
      Sum sum = sum_at_start<Sum>(data, start, 0, k);
      const std::uint32_t end = data.output_tree[k + 1];
      if (data.linear_start == nullptr) {
        for (std::uint32_t i = data.output_tree[k]; i < end; ++i) {
          sum += values[data.slot_leaf[i] + leaves[data.slot[i]]];
        }
      } else {
        for (std::uint32_t i = data.output_tree[k]; i < end; ++i) {
          const std::size_t at = data.slot_leaf[i] + leaves[data.slot[i]];
          sum += linear_value(data, at, x, values[at]);
        }
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

template <typename Level, typename Data, typename Sum>
inline void sum_block(const Data& data, const Block& block, const Sum* values, const double* start,
                      Sum* sums, double* out) {
  // Where a sum stands: by output with trees of one output, by row with leaves of several.
  const bool by_row = data.leaf_width > 1;
  const std::size_t row_step = by_row ? data.outputs : 1;
  const std::size_t output_step = by_row ? 1 : kTreeLanes;
  for (std::size_t row = 0; row < block.rows; ++row) {
    for (std::size_t k = 0; k < data.outputs; ++k) {
      sums[row * row_step + k * output_step] = sum_at_start<Sum>(data, start, row, k);
    }
  }
  Level::rows_in_lanes(data, block, values, sums);
  for (std::size_t row = 0; row < block.rows; ++row) {
    for (std::size_t k = 0; k < data.outputs; ++k) {
      out[row * data.outputs + k] = divided(data, sums[row * row_step + k * output_step]);
    }
  }
}

template <typename Level, typename Data, typename Sum>
inline void score_rows(const Data& data, std::size_t rows, const double* x, const double* start,
                       double* out, const LaneRoom& room, const Sum* values) {
  Sum* sums = reinterpret_cast<Sum*>(room.sums);
  while (rows > 0) {
    const std::size_t taken = rows >= kTreeLanes ? kTreeLanes : rows >= kRowsForLanes ? rows : 1;
    if (taken > 1) {
      Level::answer_block(data, taken, x, room);
      sum_block<Level>(data, Block{taken, x, room.answers}, values, start, sums, out);
    } else {
      Level::answer_row(data, x, room);
      RowSum<Sum> sum(data, values, start, room.leaves);
      Level::trees_in_lanes(data, room, sum);
      if (data.in_order) {
        *out = divided(data, sum.finish());
      } else {
        sum_one_row(data, values, x, start, room.leaves, sums, out);
      }
    }
    rows -= taken;
    x += taken * data.features;
    start = start != nullptr ? start + taken * data.outputs : nullptr;
    out += taken * data.outputs;
  }
}

template <typename Level, typename Data>
inline void score_with(const Data& data, std::size_t rows, const double* x, const double* start,
                       double* out, const LaneRoom& room) {
  if (data.leaf32 != nullptr) {
    score_rows<Level>(data, rows, x, start, out, room, data.leaf32);
  } else {
    score_rows<Level>(data, rows, x, start, out, room, data.leaf64);
  }
}

}  // namespace
}  // namespace bascule
