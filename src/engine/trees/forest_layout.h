// The layout of a deep forest: 8 bytes a node, packed by subtree into lines of the cache.
//
// A path through a deep tree is a chain of loads, each of which waits for the one before it. So the
// nodes that follow each other stand together: a line of 64 bytes holds 4 pairs of siblings, filled
// from its first pair downwards, the child with the most leaves below it first (more rows are
// likely to pass it). Subtrees of 1 to 3 pairs share lines at the end of their tree.
//
// A leaf holds an index into the distinct leaf values: pure leaves are mostly the same few, which
// stay in the cache.
//
// Inputs are float32 here, and so are thresholds, rounded down: x <= t exactly when x is at most
// the largest float32 that t is not below. NaN becomes +inf in the columns of splits that send it
// right and -inf where they send it left; a real +inf becomes the largest finite number, so that
// NaN alone passes a threshold of +inf, which is stored as that number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/trees/ensemble.h"

namespace bascule {

struct ForestNode {
  float threshold;  // of a leaf the bits of its index
  std::uint16_t column;
  std::uint16_t child;  // the pair of its children, counted in the tree; 0: a leaf
};
static_assert(sizeof(ForestNode) == 8);

class ForestLayout {
 public:
  // Nothing where it does not fit: inputs that are not float32, categories, linear leaves, a tree
  // of more than 131,070 nodes, a finite threshold that no finite float32 is above.
  static std::optional<ForestLayout> build(const Ensemble& ensemble);

  // Node i of a tree is root[i].
  const ForestNode* root(std::size_t tree) const noexcept { return lines_[line_of_[tree]].node; }
  std::size_t columns() const noexcept { return feature_.size(); }
  // A row's cells as splits compare them.
  void load_row(const double* x, float* cells) const noexcept;
  const double* leaf(std::uint32_t index) const noexcept {
    return values_.data() + index * leaf_width_;
  }
  std::size_t bytes() const noexcept;

 private:
  class Builder;
  struct alignas(64) Line {
    ForestNode node[8];
  };

  std::vector<Line> lines_;
  std::vector<std::uint32_t> line_of_;  // [trees]
  std::vector<std::uint32_t> feature_;  // [columns]
  std::vector<float> missing_;          // [columns] what NaN becomes
  std::vector<double> values_;          // [distinct, leaf_width]
  std::size_t leaf_width_ = 1;
};

}  // namespace bascule
