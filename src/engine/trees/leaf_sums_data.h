// Leaves and their sums as the kernels with lanes see them: plain data, borrowed.
//
// Such a kernel finds, as a byte, the leaf of each tree, counted from the tree's left: for 64 trees
// of one row, or for 64 rows of one tree. What is added in which order is the same for all of them.
//
// Files of kernels are compiled for processors that the rest of the program must not ask for, so
// they see headers like this one and nothing that has inline code of the library in it: the linker
// would keep one copy of such code for everybody.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bascule {

inline constexpr std::size_t kTreeLanes = 64;    // trees of a group, rows of a block
inline constexpr std::size_t kLaneLeaves = 256;  // of a tree, at most

struct LeafSums {
  std::size_t features;
  std::size_t outputs;
  std::size_t trees;
  std::size_t groups;  // of trees in lanes

  // Leaves, [leaf_width] each. Trees of one output each (leaf_width = 1) are listed output by
  // output, each output's in the library's order; others in the library's order.
  std::size_t leaf_width;
  bool in_order;  // slot i is the library's tree i; and there is one output, and plain leaves
  const std::uint32_t* tree_leaf;    // [trees] the first leaf
  const std::uint16_t* tree_leaves;  // [trees]
  const std::uint32_t* tree_slot;    // [trees] group * 64 + lane
  const std::uint32_t* tree_output;  // [trees]; null: trees add to all outputs
  const std::uint32_t* output_tree;  // [outputs + 1] into the two below, where trees have outputs
  const std::uint32_t* slot;         // [trees] likewise
  const std::uint32_t* slot_leaf;    // [trees] the first leaf
  const double* leaf64;              // one of the two is null
  const float* leaf32;
  const double* base;  // [outputs]; null when every call brings its start
  double divide_by;

  // Leaves that are linear models (leaf_width = 1), as LinearLeaves has them; null: there are none.
  const std::uint32_t* linear_start;
  const std::uint32_t* linear_column;
  const double* linear_weight;
  const double* linear_constant;
  bool float32_input;
};

// Working memory of one call, each part at a multiple of 64 bytes.
struct LaneRoom {
  std::uint8_t* answers;  // what splits ask of a row or of 64: the layout says how many bytes
  std::uint8_t* leaves;   // [groups][64], of one row
  std::uint8_t* spare;    // [512]
  double* sums;           // [outputs][64]
};

}  // namespace bascule
