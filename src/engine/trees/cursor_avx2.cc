// The leaf cursor for AVX2: two registers of 32 lanes.

#include <immintrin.h>

#include "engine/trees/cursor_common.h"

namespace bascule {
namespace {
inline __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
inline void store(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}
inline __m256i all(std::uint8_t byte) {
  return _mm256_set1_epi8(static_cast<char>(byte));
}

// Up to 64 * kTables columns in registers of 16, each twice.
template <int kTables>
struct Columns {
  __m256i part[4 * kTables];

  explicit Columns(const std::uint8_t* from) {
    for (int i = 0; i < 4 * kTables; ++i) {
      const auto* sixteen = reinterpret_cast<const __m128i*>(from + 16 * i);
      part[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(sixteen));
    }
  }

  // A look-up for each 16 columns; bits 4 to 7 of the index, shifted to the sign, choose among
  // them. Shifts of 16 bits will do: only the top bit of each byte is read.
  __m256i look_up(__m256i index) const {
    const __m256i bit4 = _mm256_slli_epi16(index, 3);
    const __m256i bit5 = _mm256_slli_epi16(index, 2);
    // A shuffle gives 0 where bit 7 of its index is set.
    const __m256i low = kTables > 2 ? _mm256_and_si256(index, all(127)) : index;
    __m256i of64[kTables];
    for (int i = 0; i < kTables; ++i) {
      const __m256i* four = part + 4 * i;
      const __m256i a = _mm256_blendv_epi8(_mm256_shuffle_epi8(four[0], low),
                                           _mm256_shuffle_epi8(four[1], low), bit4);
      const __m256i b = _mm256_blendv_epi8(_mm256_shuffle_epi8(four[2], low),
                                           _mm256_shuffle_epi8(four[3], low), bit4);
      of64[i] = _mm256_blendv_epi8(a, b, bit5);
    }
    if constexpr (kTables == 1) {
      return of64[0];
    } else {
      const __m256i bit6 = _mm256_slli_epi16(index, 1);
      const __m256i lower = _mm256_blendv_epi8(of64[0], of64[1], bit6);
      if constexpr (kTables == 2) {
        return lower;
      } else {
        return _mm256_blendv_epi8(lower, _mm256_blendv_epi8(of64[2], of64[3], bit6), index);
      }
    }
  }
};

// Unsigned answer <= rank is max(answer, rank) == rank.
inline __m256i stays(__m256i answer, __m256i rank) {
  return _mm256_cmpeq_epi8(_mm256_max_epu8(answer, rank), rank);
}

template <int kTables, bool kMasks>
inline __m256i step_trees(const Columns<kTables>& columns, const std::uint8_t* step,
                          __m256i cursor) {
  __m256i answer = columns.look_up(load(step));
  if constexpr (kMasks) {
    answer = _mm256_and_si256(answer, load(step + 256));
  }
  const __m256i here = _mm256_cmpeq_epi8(cursor, load(step + 128));
  const __m256i go = _mm256_andnot_si256(stays(answer, load(step + 64)), here);
  return _mm256_blendv_epi8(cursor, load(step + 192), go);
}

template <int kTables, bool kMasks>
void walk_groups(const CursorData& data, const LaneRoom& room) {
  constexpr std::size_t kStep = kMasks ? 320 : 256;
  const std::uint8_t* step = data.steps;
  for (std::size_t group = 0; group < data.groups; ++group) {
    const Columns<kTables> columns(columns_of_group(data, group, room.answers, room.spare));
    __m256i low = _mm256_setzero_si256();
    __m256i high = low;
    for (const std::uint8_t* end = data.steps + data.group_step[group + 1] * kStep; step != end;
         step += kStep) {
      low = step_trees<kTables, kMasks>(columns, step, low);
      high = step_trees<kTables, kMasks>(columns, step + 32, high);
    }
    store(room.leaves + 64 * group, low);
    store(room.leaves + 64 * group + 32, high);
  }
}

template <bool kMasks>
void walk_groups(const CursorData& data, const LaneRoom& room) {
  if (data.widest_group <= 64) {
    walk_groups<1, kMasks>(data, room);
  } else if (data.widest_group <= 128) {
    walk_groups<2, kMasks>(data, room);
  } else {
    walk_groups<4, kMasks>(data, room);
  }
}

struct Cursors {
  __m256i low = _mm256_setzero_si256();
  __m256i high = _mm256_setzero_si256();
};

template <bool kMasks>
inline void step_rows(const std::uint8_t* columns, const CursorSplit& split, Cursors& cursors) {
  const std::uint8_t* column = columns + 64 * static_cast<std::size_t>(split.column);
  __m256i low = load(column);
  __m256i high = load(column + 32);
  if constexpr (kMasks) {
    const __m256i mask = all(split.mask);
    low = _mm256_and_si256(low, mask);
    high = _mm256_and_si256(high, mask);
  }
  const __m256i rank = all(split.rank);
  const __m256i first = all(split.first);
  // To add right - first where the step fires is cheaper than a blend.
  const __m256i jump = all(static_cast<std::uint8_t>(split.right - split.first));
  const __m256i to_low = _mm256_and_si256(_mm256_cmpeq_epi8(cursors.low, first), jump);
  const __m256i to_high = _mm256_and_si256(_mm256_cmpeq_epi8(cursors.high, first), jump);
  cursors.low = _mm256_add_epi8(cursors.low, _mm256_andnot_si256(stays(low, rank), to_low));
  cursors.high = _mm256_add_epi8(cursors.high, _mm256_andnot_si256(stays(high, rank), to_high));
}

// The remaining splits of a tree, then its leaves.
template <typename Level, bool kMasks, typename Sum>
inline void finish_tree(const CursorData& data, std::size_t tree, std::uint32_t done,
                        Cursors cursors, const Block& block, const Sum* values, Sum* sums) {
  const CursorSplit* end = data.splits + data.tree_split[tree + 1];
  for (const CursorSplit* split = data.splits + data.tree_split[tree] + done; split != end;
       ++split) {
    step_rows<kMasks>(block.answers, *split, cursors);
  }
  alignas(32) std::uint8_t leaf[64];
  store(leaf, cursors.low);
  store(leaf + 32, cursors.high);
  add_tree<Level>(data, tree, block, values, leaf, sums);
}

// Four trees interleaved, as one is bound by latency.
template <typename Level, bool kMasks, typename Sum>
void walk_rows(const CursorData& data, const Block& block, const Sum* values, Sum* sums) {
  const std::uint8_t* columns = block.answers;
  std::size_t tree = 0;
  for (; tree + 4 <= data.trees; tree += 4) {
    const std::uint32_t* start = data.tree_split + tree;
    std::uint32_t common = start[1] - start[0];
    for (int i = 1; i < 4; ++i) {
      const std::uint32_t size = start[i + 1] - start[i];
      common = size < common ? size : common;
    }
    Cursors c0;
    Cursors c1;
    Cursors c2;
    Cursors c3;
    for (std::uint32_t i = 0; i < common; ++i) {
      step_rows<kMasks>(columns, data.splits[start[0] + i], c0);
      step_rows<kMasks>(columns, data.splits[start[1] + i], c1);
      step_rows<kMasks>(columns, data.splits[start[2] + i], c2);
      step_rows<kMasks>(columns, data.splits[start[3] + i], c3);
    }
    finish_tree<Level, kMasks>(data, tree, common, c0, block, values, sums);
    finish_tree<Level, kMasks>(data, tree + 1, common, c1, block, values, sums);
    finish_tree<Level, kMasks>(data, tree + 2, common, c2, block, values, sums);
    finish_tree<Level, kMasks>(data, tree + 3, common, c3, block, values, sums);
  }
  for (; tree < data.trees; ++tree) {
    finish_tree<Level, kMasks>(data, tree, 0, Cursors(), block, values, sums);
  }
}

struct Avx2 : CursorAnswers<Avx2> {
  static unsigned count8(const double* t, double x) {
    const __m256d all_x = _mm256_set1_pd(x);
    const __m256d low = _mm256_cmp_pd(_mm256_loadu_pd(t), all_x, _CMP_LT_OQ);
    const __m256d high = _mm256_cmp_pd(_mm256_loadu_pd(t + 4), all_x, _CMP_LT_OQ);
    const int below = _mm256_movemask_pd(low) | _mm256_movemask_pd(high) << 4;
    return static_cast<unsigned>(__builtin_popcount(static_cast<unsigned>(below)));
  }
  template <typename Sum>
  static void trees_in_lanes(const CursorData& data, const LaneRoom& room, RowSum<Sum>& /*sum*/) {
    data.masks ? walk_groups<true>(data, room) : walk_groups<false>(data, room);
  }
  template <typename Sum>
  static void rows_in_lanes(const CursorData& data, const Block& block, const Sum* values,
                            Sum* sums) {
    data.masks ? walk_rows<Avx2, true>(data, block, values, sums)
               : walk_rows<Avx2, false>(data, block, values, sums);
  }
  template <typename Sum>
  static void add_leaves(const Sum* values, std::size_t /*leaves*/, const std::uint8_t* leaf,
                         Sum* sums) {
    add_each(values, leaf, sums);
  }
};
}  // namespace

void cursor_avx2(const CursorData& data, std::size_t rows, const double* x, const double* start,
                 double* out, const LaneRoom& room) noexcept {
  if (rows == 1) {
    fetch_pages(data);
  }
  score_with<Avx2>(data, rows, x, start, out, room);
}

}  // namespace bascule
