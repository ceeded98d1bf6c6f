// The leaf cursor for any processor: 16 lanes to a register, which all 64-bit processors have.
//
// Without look-ups in registers trees do not pay as lanes. One row walks down each tree instead, on
// the same splits: a range of leaves that narrows until it is one.

#include "engine/trees/cursor_common.h"

namespace bascule {
namespace {
using Bytes = std::uint8_t __attribute__((vector_size(16)));

inline Bytes load(const std::uint8_t* from) {
  Bytes bytes;
  __builtin_memcpy(&bytes, from, sizeof bytes);
  return bytes;
}
inline void store(std::uint8_t* to, Bytes bytes) {
  __builtin_memcpy(to, &bytes, sizeof bytes);
}
inline Bytes all(std::uint8_t byte) {
  return Bytes{} + byte;
}

// A split of rows in lanes. To add right - first where it fires is cheaper than to choose.
struct Step {
  Bytes first, rank, mask, jump;

  explicit Step(const CursorSplit& split)
      : first(all(split.first)),
        rank(all(split.rank)),
        mask(all(split.mask)),
        jump(all(static_cast<std::uint8_t>(split.right - split.first))) {}

  Bytes taken(Bytes cursor, Bytes answer) const {
    const auto here = reinterpret_cast<Bytes>(cursor == first);
    const auto go = reinterpret_cast<Bytes>((answer & mask) > rank);
    return cursor + (here & go & jump);
  }
};

struct Baseline : CursorAnswers<Baseline> {
  static unsigned count8(const double* t, double x) {
    unsigned count = 0;
    for (unsigned i = 0; i < 8; ++i) {
      count += t[i] < x ? 1 : 0;
    }
    return count;
  }

  template <typename Sum>
  static void trees_in_lanes(const CursorData& data, const LaneRoom& room, RowSum<Sum>& /*sum*/) {
    for (std::size_t tree = 0; tree < data.trees; ++tree) {
      const CursorSplit* split = data.splits + data.tree_split[tree];
      unsigned first = 0;
      unsigned end = data.tree_leaves[tree];
      while (end - first > 1) {
        if ((room.answers[split->column] & split->mask) > split->rank) {
          // Past the splits of the left subtree, which are one fewer than its leaves.
          const unsigned right = split->right;
          split += right - first;
          first = right;
        } else {
          end = split->right;
          ++split;
        }
      }
      room.leaves[data.tree_slot[tree]] = static_cast<std::uint8_t>(first);
    }
  }

  template <typename Sum>
  static void rows_in_lanes(const CursorData& data, const Block& block, const Sum* values,
                            Sum* sums) {
    for (std::size_t tree = 0; tree < data.trees; ++tree) {
      Bytes c0{};
      Bytes c1{};
      Bytes c2{};
      Bytes c3{};
      const CursorSplit* end = data.splits + data.tree_split[tree + 1];
      for (const CursorSplit* split = data.splits + data.tree_split[tree]; split != end; ++split) {
        const std::uint8_t* column = block.answers + split->column * kTreeLanes;
        const Step step(*split);
        c0 = step.taken(c0, load(column));
        c1 = step.taken(c1, load(column + 16));
        c2 = step.taken(c2, load(column + 32));
        c3 = step.taken(c3, load(column + 48));
      }
      std::uint8_t leaf[kTreeLanes];
      store(leaf, c0);
      store(leaf + 16, c1);
      store(leaf + 32, c2);
      store(leaf + 48, c3);
      add_tree<Baseline>(data, tree, block, values, leaf, sums);
    }
  }
  template <typename Sum>
  static void add_leaves(const Sum* values, std::size_t /*leaves*/, const std::uint8_t* leaf,
                         Sum* sums) {
    add_each(values, leaf, sums);
  }
};
}  // namespace

void cursor_baseline(const CursorData& data, std::size_t rows, const double* x, const double* start,
                     double* out, const LaneRoom& room) noexcept {
  score_with<Baseline>(data, rows, x, start, out, room);
}

}  // namespace bascule
