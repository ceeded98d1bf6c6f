// The layout of symmetric trees: owns what oblivious_data.h describes.
//
// Memory: 4 bytes for each distinct condition of a feature, 4 for each level of a tree (and 2 or 3
// for trees in lanes), 20 a feature, and what LeafSumsLayout takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/trees/ensemble.h"
#include "engine/trees/leaf_sums.h"
#include "engine/trees/oblivious_data.h"

namespace bascule {

class ObliviousLayout {
 public:
  // Nothing where it does not fit: inputs that are not float32, a tree that is not symmetric or
  // deeper than 8, categories, more than kMostConditions distinct conditions.
  static std::optional<ObliviousLayout> build(const Ensemble& ensemble);
  ObliviousLayout() = default;
  ObliviousLayout(ObliviousLayout&&) noexcept = default;

  // Borrows from this layout, wherever it is moved, and from the ensemble's package.
  const ObliviousData& data() const noexcept { return data_; }
  std::size_t bytes() const noexcept;

 private:
  class Builder;
  struct alignas(64) Borders {
    float border[kConditionsAtOnce];
  };
  struct alignas(64) Lanes {
    std::uint8_t byte[kTreeLanes];
  };

  ObliviousData data_{};
  LeafSumsLayout sums_;
  std::vector<ObliviousFeature> feature_;
  std::vector<Borders> border_;
  std::vector<float> cell_missing_;
  std::vector<float> cell_largest_;
  std::vector<std::uint32_t> asked_;
  std::vector<std::uint32_t> tree_level_;
  std::vector<std::uint32_t> condition_;
  std::vector<Lanes> steps_;
};

}  // namespace bascule
