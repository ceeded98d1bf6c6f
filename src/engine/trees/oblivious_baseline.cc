// Symmetric trees for any processor: 16 lanes to a register, which all 64-bit processors have.

#include "engine/trees/oblivious_common.h"

namespace bascule {
namespace {
using Bytes = std::uint8_t __attribute__((vector_size(16)));

struct Baseline {
  static void answer_row(const ObliviousData& data, const double* x, const LaneRoom& room) {
    auto* answer = reinterpret_cast<std::int32_t*>(room.answers);
    for (std::size_t i = 0; i < data.used; ++i) {
      const ObliviousFeature& feature = data.feature[i];
      const float cell = cell_of(feature, x[feature.feature]);
      for (std::uint32_t c = feature.first; c < feature.first + feature.count; ++c) {
        answer[c] = cell > data.border[c] ? -1 : 0;
      }
    }
  }
  template <typename Sum>
  static void trees_in_lanes(const ObliviousData& data, const LaneRoom& room,
                             RowSum<Sum>& /*sum*/) {
    leaves_from_words(data, room);
  }

  // 64 bytes a condition, 0 or 255.
  static void answer_block(const ObliviousData& data, std::size_t rows, const double* x,
                           const LaneRoom& room) {
    auto* column = reinterpret_cast<float*>(room.spare);
    for (std::size_t i = 0; i < data.used; ++i) {
      const ObliviousFeature& feature = data.feature[i];
      fill_column(data, feature, rows, x, column);
      for (std::uint32_t c = feature.first; c < feature.first + feature.count; ++c) {
        const float border = data.border[c];
        std::uint8_t* answer = room.answers + c * kTreeLanes;
        for (std::size_t row = 0; row < rows; ++row) {
          answer[row] = column[row] > border ? 255 : 0;
        }
        // The other lanes find a leaf too, one that is there.
        __builtin_memset(answer + rows, 0, kTreeLanes - rows);
      }
    }
  }
  template <typename Sum>
  static void rows_in_lanes(const ObliviousData& data, const Block& block, const Sum* values,
                            Sum* sums) {
    for (std::size_t tree = 0; tree < data.trees; ++tree) {
      Bytes leaf[4] = {};
      for (std::uint32_t i = data.tree_level[tree]; i < data.tree_level[tree + 1]; ++i) {
        const std::uint8_t* answer = block.answers + data.condition[i] * kTreeLanes;
        for (int part = 0; part < 4; ++part) {
          Bytes bytes;
          __builtin_memcpy(&bytes, answer + 16 * part, sizeof bytes);
          leaf[part] = leaf[part] + leaf[part] - bytes;
        }
      }
      std::uint8_t leaves[kTreeLanes];
      __builtin_memcpy(leaves, leaf, sizeof leaves);
      add_tree<Baseline>(data, tree, block, values, leaves, sums);
    }
  }
  template <typename Sum>
  static void add_leaves(const Sum* values, std::size_t /*leaves*/, const std::uint8_t* leaf,
                         Sum* sums) {
    add_each(values, leaf, sums);
  }
};
}  // namespace

void oblivious_baseline(const ObliviousData& data, std::size_t rows, const double* x,
                        const double* start, double* out, const LaneRoom& room) noexcept {
  score_with<Baseline>(data, rows, x, start, out, room);
}

}  // namespace bascule
