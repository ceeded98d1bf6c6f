// What the kernels of symmetric trees share; see lanes_common.h for how.
#pragma once

#include "engine/trees/lanes_common.h"
#include "engine/trees/oblivious_data.h"

namespace bascule {
namespace {

// What is compared with the borders of a feature.
inline float cell_of(const ObliviousFeature& feature, double x) {
  const auto cell = static_cast<float>(x);
  return cell != cell ? feature.missing : cell < feature.largest ? cell : feature.largest;
}

inline void fill_column(const ObliviousData& data, const ObliviousFeature& feature,
                        std::size_t rows, const double* x, float* column) {
  x += feature.feature;
  for (std::size_t row = 0; row < rows; ++row, x += data.features) {
    column[row] = cell_of(feature, *x);
  }
}

// One row whose answers are words, 0 or -1: the leaf is a chain of double-and-subtract. With the
// depth known when it is compiled no loop is left, and the trees of a model mostly share it.
template <int kDepth>
inline std::uint8_t leaf_of(const std::int32_t* answer, const std::uint32_t* condition) {
  std::int32_t leaf = 0;
#pragma GCC unroll 8
  for (int level = 0; level < kDepth; ++level) {
    leaf = leaf + leaf - answer[condition[level]];
  }
  return static_cast<std::uint8_t>(leaf);
}

inline void leaves_from_words(const ObliviousData& data, const LaneRoom& room) {
  const auto* answer = reinterpret_cast<const std::int32_t*>(room.answers);
  for (std::size_t tree = 0; tree < data.trees; ++tree) {
    const std::uint32_t* condition = data.condition + data.tree_level[tree];
    std::uint8_t leaf = 0;
    switch (data.tree_level[tree + 1] - data.tree_level[tree]) {
      case 1:
        leaf = leaf_of<1>(answer, condition);
        break;
      case 2:
        leaf = leaf_of<2>(answer, condition);
        break;
      case 3:
        leaf = leaf_of<3>(answer, condition);
        break;
      case 4:
        leaf = leaf_of<4>(answer, condition);
        break;
      case 5:
        leaf = leaf_of<5>(answer, condition);
        break;
      case 6:
        leaf = leaf_of<6>(answer, condition);
        break;
      case 7:
        leaf = leaf_of<7>(answer, condition);
        break;
      case 8:
        leaf = leaf_of<8>(answer, condition);
        break;
      default:
        break;
    }
    room.leaves[tree] = leaf;
  }
}

}  // namespace
}  // namespace bascule
