// The leaf cursor's layout of an ensemble: owns what cursor_data.h describes.
//
// Memory: 6 bytes a split for rows in lanes, 4 (5 with categories) times the padding of groups for
// trees in lanes, 8 for each distinct threshold of a feature, and what LeafSumsLayout takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/trees/cursor_data.h"
#include "engine/trees/ensemble.h"
#include "engine/trees/leaf_sums.h"

namespace bascule {

class CursorLayout {
 public:
  // Nothing where the walk is the better kernel: a tree of more than 256 leaves, leaves that are
  // linear models, or more bytes than the ensemble is worth (see cursor_layout.cc).
  static std::optional<CursorLayout> build(const Ensemble& ensemble);
  CursorLayout() = default;
  CursorLayout(CursorLayout&&) noexcept = default;

  // Borrows from this layout, wherever it is moved, and from the ensemble's package.
  const CursorData& data() const noexcept { return data_; }
  std::size_t bytes() const noexcept;

 private:
  class Builder;
  struct alignas(64) Eight {
    double value[8];
  };
  struct alignas(64) Lanes {
    std::uint8_t byte[kTreeLanes];
  };

  CursorData data_{};
  std::vector<CursorNumber> number_;
  std::vector<CursorCategory> category_;
  std::vector<Eight> table_;
  std::vector<std::uint8_t> category_bytes_;
  std::vector<std::uint32_t> tree_split_;
  std::vector<CursorSplit> splits_;
  std::vector<Lanes> steps_;
  std::vector<std::uint32_t> group_step_;
  std::vector<std::uint16_t> group_columns_;
  std::vector<std::uint32_t> group_column_;
  LeafSumsLayout sums_;
};

}  // namespace bascule
