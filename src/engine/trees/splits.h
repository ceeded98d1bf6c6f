// The splits of trees, where they stand in the package: proved once, and copied nowhere.
//
// What a split decides is the same for every operator and kernel: x goes left when x <= threshold,
// or when x, truncated, is in a set of categories; NaN goes where `missing_left` says, which is not
// where infinity goes. Trees stand in pre-order, so that the left child of node i is i + 1, and
// splits and leaves need no positions of their own: a subtree has one leaf more than splits.
// Threads: immutable once loaded.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/numbers.h"

namespace bascule {
class OpSpec;  // engine/op_spec.h

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

// The largest float32 that is not above a threshold: for a float32 x, x <= t keeps its answer.
inline float float32_not_above(double threshold) noexcept {
  const auto nearest = static_cast<float>(threshold);
  return static_cast<double>(nearest) > threshold
             ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
             : nearest;
}

// A node unpacked. Its left child is the next node.
struct TreeNode {
  double threshold = 0;       // of a split without a set; not NaN
  std::int32_t feature = -1;  // -1: a leaf
  // Of a split its right child, counted in its tree; of a leaf its number, counted over all trees.
  std::uint32_t right_or_leaf = 0;
  std::int32_t set = -1;  // of a split on categories: which set goes left
  bool missing_left = false;
};

struct Splits {
  // Where a walk stands, counted over all trees: at this node, before which there are so many
  // splits (and so node - split leaves).
  struct Place {
    std::uint32_t node;
    std::uint32_t split;
    std::uint32_t leaf() const noexcept { return node - split; }
  };

  std::vector<std::uint32_t> tree_start;  // [trees + 1] into the nodes
  Integers feature;                       // [nodes], -1: a leaf
  Integers right;                         // [splits], counted in the tree
  Floats threshold;                       // [splits]
  Integers missing_left;                  // [splits]; empty: NaN always goes right
  Integers set;                           // [splits]; empty: there are none
  CategorySets sets;

  std::size_t trees() const noexcept { return tree_start.size() - 1; }
  std::size_t nodes() const noexcept { return tree_start.back(); }
  std::size_t splits() const noexcept { return threshold.size(); }
  std::size_t leaves() const noexcept { return nodes() - splits(); }

  Place root(std::size_t tree) const noexcept {
    const std::uint32_t start = tree_start[tree];
    return {start, (start - static_cast<std::uint32_t>(tree)) / 2};
  }
  // Follows x, [features], from the root of a tree; calls visit(node) for every node, the leaf too,
  // until it answers false. `Input` is what x is rounded to.
  template <typename Input, typename Visit>
  Place walk(std::size_t tree, const double* x, Visit&& visit) const noexcept {
    const Place start = root(tree);
    Place at = start;
    while (visit(at.node)) {
      const std::int64_t asked = feature[at.node];
      if (asked < 0) {
        break;
      }
      if (goes_left(at.split, static_cast<Input>(x[asked]))) {
        ++at.node;
        ++at.split;
      } else {
        const auto to = start.node + static_cast<std::uint32_t>(right[at.split]);
        at.split += (to - at.node) / 2;  // itself, and one less than leaves below its left child
        at.node = to;
      }
    }
    return at;
  }
  bool goes_left(std::uint32_t split, double x) const noexcept {
    if (std::isnan(x)) {
      return !missing_left.empty() && missing_left[split] != 0;
    }
    const std::int64_t of_categories = set.empty() ? -1 : set[split];
    return of_categories < 0 ? x <= threshold[split]
                             : sets.contains(static_cast<std::int32_t>(of_categories), x);
  }

  // The nodes of one tree, for whoever builds a layout of them.
  void unpack(std::size_t tree, std::vector<TreeNode>& nodes) const;

  // Reads and checks the tensors: indices, thresholds, and that each tree's nodes are exactly one
  // tree, no deeper than limits::kTreeDepth. Operators that name the same tensors share it.
  static Result<std::shared_ptr<const Splits>> load(OpSpec& spec, std::size_t features);
};

}  // namespace bascule
