// The leaves of an ensemble for the kernels with lanes: owns what leaf_sums_data.h describes.
//
// Memory: the leaves in the type of the sum, and 26 bytes a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/trees/ensemble.h"
#include "engine/trees/leaf_sums_data.h"

namespace bascule {
class Scratch;  // engine/scratch.h

class LeafSumsLayout {
 public:
  LeafSumsLayout() = default;
  // `slots` has the place of each tree among the lanes of a row.
  LeafSumsLayout(const Ensemble& ensemble, std::vector<std::uint32_t> slots);

  // Borrows from this layout, wherever it is moved, from the ensemble and from its package.
  LeafSums data(const Ensemble& ensemble) const;
  std::size_t bytes() const noexcept;

 private:
  std::vector<std::uint32_t> tree_leaf_;
  std::vector<std::uint16_t> tree_leaves_;
  std::vector<std::uint32_t> tree_slot_;
  std::vector<std::uint32_t> tree_output_;
  std::vector<std::uint32_t> output_tree_;
  std::vector<std::uint32_t> slot_;
  std::vector<std::uint32_t> slot_leaf_;
  std::vector<double> leaf64_;
  std::vector<float> leaf32_;
  LinearLeaves linear_;
};

// The parts of a call's working memory, in the scratch of a thread; `answers` bytes of the first.
// All null when there is no memory.
LaneRoom lane_room(const LeafSums& sums, std::size_t answers, Scratch& scratch) noexcept;

}  // namespace bascule
