// A tree ensemble as the engine holds it: validated, and the same for every kernel.
//
// The neutral form of docs/operators.md ("tree_ensemble"), laid out in memory. Every kernel builds
// its own layout from it when a plan is loaded, and must give the bits of `walk_kernel`. What makes
// parity exact: a split sends x left when x <= threshold; NaN goes where `missing_left` says, which
// is not where infinity goes; x is rounded to float32 first when the library did; leaves are added
// tree by tree in the library's order, in its type.
// Threads: immutable once loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/op_spec.h"

namespace bascule {

// The left child of node i is i + 1.
struct TreeNode {
  double threshold = 0;       // of a split; not NaN
  std::int32_t feature = -1;  // -1: a leaf
  // Of a split its right child, of a leaf its row in `leaf`; both count through all trees.
  std::uint32_t right_or_leaf = 0;
  bool missing_left = false;
};

struct Ensemble {
  std::size_t features = 0;
  std::size_t outputs = 1;
  std::vector<TreeNode> nodes;             // tree by tree, each in pre-order
  std::vector<std::uint32_t> tree_start;   // [trees + 1] into nodes
  std::vector<std::uint32_t> tree_output;  // [trees]: the column a tree adds to; empty: all columns
  Floats leaf;                             // [leaves, outputs], or [leaves, 1] with tree_output
  std::span<const double> base;            // [outputs]: where sums start
  bool float32_input = false;
  bool float32_sum = false;
  double divide_by = 1;

  std::size_t trees() const noexcept { return tree_start.size() - 1; }

  // Reads and checks every tensor of the node: indices, widths, thresholds, and that each tree's
  // nodes are exactly one tree, no deeper than limits::kTreeDepth.
  static Result<Ensemble> load(OpSpec& spec, std::size_t features);
};

}  // namespace bascule
