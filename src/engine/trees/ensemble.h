// A tree ensemble as the engine holds it: validated, and the same for every kernel.
//
// The neutral form of docs/operators.md ("tree_ensemble"), laid out in memory. Every kernel builds
// its own layout from it when a plan is loaded, and must give the bits of `walk_kernel`. What makes
// parity exact: a split sends x left when x <= threshold, or when x, truncated, is in a set of
// categories; NaN goes where `missing_left` says, which is not where infinity goes; x is rounded to
// float32 first when the library did; leaves are added tree by tree in the library's order, in its
// type.
// Threads: immutable once loaded.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/op_spec.h"

namespace bascule {

// The left child of node i is i + 1.
struct TreeNode {
  double threshold = 0;       // of a split without a set; not NaN
  std::int32_t feature = -1;  // -1: a leaf
  // Of a split its right child, of a leaf its row in `leaf`; both count through all trees.
  std::uint32_t right_or_leaf = 0;
  std::int32_t set = -1;  // of a split on categories: which set goes left
  bool missing_left = false;
};

// Sets of categories, 32 to a word with the lowest bit first, one set after the other.
class CategorySets {
 public:
  CategorySets() = default;
  CategorySets(std::vector<std::uint32_t> start, std::vector<std::uint32_t> words) noexcept
      : start_(std::move(start)), words_(std::move(words)) {}

  // Every member is below it.
  std::size_t categories(std::int32_t set) const noexcept {
    const auto at = static_cast<std::size_t>(set);
    return std::size_t{32} * (start_[at + 1] - start_[at]);
  }

  // Whether x, truncated toward 0, is in the set. Nothing below 0 or beyond the last word is, so
  // that -0.5 is category 0 and -1 none.
  bool contains(std::int32_t set, double x) const noexcept {
    const std::uint32_t first = start_[static_cast<std::size_t>(set)];
    const std::uint32_t end = start_[static_cast<std::size_t>(set) + 1];
    // The maximum, as -0.5 is below the end of a set without words.
    if (!(x > -1 && std::max(x, 0.0) < 32.0 * (end - first))) {
      return false;
    }
    const auto category = static_cast<std::uint64_t>(x);
    return ((words_[first + category / 32] >> (category % 32)) & 1U) != 0;
  }

 private:
  std::vector<std::uint32_t> start_;  // [sets + 1] into words_
  std::vector<std::uint32_t> words_;
};

// Leaves that are linear models: a constant, and weights of columns.
struct LinearLeaves {
  std::vector<std::uint32_t> start;   // [leaves + 1] into the terms; empty: there are none
  std::vector<std::uint32_t> column;  // [terms]
  std::span<const double> weight;     // [terms]
  std::span<const double> constant;   // [leaves]

  bool empty() const noexcept { return start.empty(); }

  // The constant, then the products in their order; `otherwise` when one of the columns is NaN.
  // `Input` is what x is rounded to.
  template <typename Input>
  double value(std::size_t leaf, const double* x, double otherwise) const noexcept {
    double sum = constant[leaf];
    for (std::uint32_t term = start[leaf]; term < start[leaf + 1]; ++term) {
      const double cell = static_cast<Input>(x[column[term]]);
      if (std::isnan(cell)) {
        return otherwise;
      }
      sum += weight[term] * cell;
    }
    return sum;
  }
};

struct Ensemble {
  std::size_t features = 0;
  std::size_t outputs = 1;
  std::vector<TreeNode> nodes;            // tree by tree, each in pre-order
  std::vector<std::uint32_t> tree_start;  // [trees + 1] into nodes
  CategorySets sets;
  std::vector<std::uint32_t> tree_output;  // [trees]: the column a tree adds to; empty: all columns
  Floats leaf;                             // [leaves, outputs], or [leaves, 1] with tree_output
  LinearLeaves linear;                     // of one column
  std::span<const double> base;            // [outputs]: where sums start, unless a row says it
  bool float32_input = false;
  bool float32_sum = false;
  double divide_by = 1;

  std::size_t trees() const noexcept { return tree_start.size() - 1; }

  // Where the split at `at` sends x, which was rounded as the library does.
  std::uint32_t next(std::uint32_t at, double x) const noexcept {
    const TreeNode& node = nodes[at];
    const bool left = std::isnan(x)   ? node.missing_left
                      : node.set >= 0 ? sets.contains(node.set, x)
                                      : x <= node.threshold;
    return left ? at + 1 : node.right_or_leaf;
  }

  // Reads and checks every tensor of the node: indices, widths, thresholds, and that each tree's
  // nodes are exactly one tree, no deeper than limits::kTreeDepth.
  static Result<Ensemble> load(OpSpec& spec, std::size_t features);
  // The same without leaves and sums: for operators that only follow rows down the trees.
  static Result<Ensemble> load_splits(OpSpec& spec, std::size_t features);
};

}  // namespace bascule
