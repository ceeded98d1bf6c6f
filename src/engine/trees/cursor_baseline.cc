// The leaf cursor for any processor: loops of 64 bytes that compilers turn into vectors.

#include "engine/trees/cursor_common.h"

namespace bascule {
namespace {
struct Baseline {
  static unsigned below8(const double* t, double x) {
    unsigned mask = 0;
    for (unsigned i = 0; i < 8; ++i) {
      mask |= static_cast<unsigned>(t[i] < x) << i;
    }
    return mask;
  }

  static void trees_in_lanes(const CursorData& data, const CursorRoom& room) {
    const std::size_t step_bytes = kCursorLanes * (data.masks ? 5 : 4);
    const std::uint8_t* step = data.steps;
    for (std::size_t group = 0; group < data.groups; ++group) {
      const std::uint8_t* columns = columns_of_group(data, group, room.columns, room.gathered);
      std::uint8_t cursor[kCursorLanes] = {};
      std::uint8_t answer[kCursorLanes];
      const std::uint8_t* end = data.steps + data.group_step[group + 1] * step_bytes;
      for (; step != end; step += step_bytes) {
        for (std::size_t lane = 0; lane < kCursorLanes; ++lane) {
          answer[lane] = columns[step[lane]];
        }
        if (data.masks) {
          for (std::size_t lane = 0; lane < kCursorLanes; ++lane) {
            answer[lane] &= step[4 * kCursorLanes + lane];
          }
        }
        const std::uint8_t* rank = step + kCursorLanes;
        const std::uint8_t* first = rank + kCursorLanes;
        const std::uint8_t* right = first + kCursorLanes;
        for (std::size_t lane = 0; lane < kCursorLanes; ++lane) {
          const bool go = (cursor[lane] == first[lane]) & (answer[lane] > rank[lane]);
          cursor[lane] = go ? right[lane] : cursor[lane];
        }
      }
      __builtin_memcpy(room.leaves + group * kCursorLanes, cursor, kCursorLanes);
    }
  }

  template <typename Sum>
  static void rows_in_lanes(const CursorData& data, std::size_t rows, const std::uint8_t* columns,
                            const Sum* values, Sum* sums) {
    for (std::size_t tree = 0; tree < data.trees; ++tree) {
      std::uint8_t cursor[kCursorLanes] = {};
      const CursorSplit* end = data.splits + data.tree_split[tree + 1];
      for (const CursorSplit* split = data.splits + data.tree_split[tree]; split != end; ++split) {
        const std::uint8_t* answer = columns + split->column * kCursorLanes;
        const std::uint8_t first = split->first;
        const std::uint8_t rank = split->rank;
        const std::uint8_t mask = split->mask;
        const std::uint8_t right = split->right;
        for (std::size_t lane = 0; lane < kCursorLanes; ++lane) {
          const bool go = (cursor[lane] == first) & ((answer[lane] & mask) > rank);
          cursor[lane] = go ? right : cursor[lane];
        }
      }
      if (data.leaf_width > 1) {
        add_vectors(data, rows, leaves_of(data, tree, values), cursor, sums);
      } else {
        add_leaves(leaves_of(data, tree, values), cursor, sums_of(data, tree, sums));
      }
    }
  }
};
}  // namespace

void cursor_baseline(const CursorData& data, std::size_t rows, const double* x, const double* start,
                     double* out, const CursorRoom& room) noexcept {
  score_with<Baseline>(data, rows, x, start, out, room);
}

}  // namespace bascule
