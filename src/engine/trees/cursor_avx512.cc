// The leaf cursor for AVX-512 with VBMI: 64 lanes to a register.

#include "engine/trees/cursor_common.h"
#include "engine/trees/lanes_avx512.h"

namespace bascule {
namespace {
inline __m512i load(const void* from) {
  return _mm512_loadu_si512(from);
}
inline __m512i all(std::uint8_t byte) {
  return _mm512_set1_epi8(static_cast<char>(byte));
}

// Up to 64 * kTables columns in registers.
template <int kTables>
struct Columns {
  __m512i part[kTables];

  explicit Columns(const std::uint8_t* from) {
    for (int i = 0; i < kTables; ++i) {
      part[i] = load(from + 64 * i);
    }
  }
  __m512i look_up(__m512i index) const {
    if constexpr (kTables == 1) {
      return _mm512_permutexvar_epi8(index, part[0]);
    } else {
      const __m512i low = _mm512_permutex2var_epi8(part[0], index, part[1]);
      if constexpr (kTables == 2) {
        return low;
      } else {
        const __m512i high = _mm512_permutex2var_epi8(part[2], index, part[3]);
        return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(index), high);  // bit 7: which half
      }
    }
  }
};

inline __m512i advance(__m512i cursor, __m512i answer, __m512i rank, __m512i first, __m512i right) {
  const __mmask64 here = _mm512_cmpeq_epi8_mask(cursor, first);
  return _mm512_mask_mov_epi8(cursor, _mm512_mask_cmpgt_epu8_mask(here, answer, rank), right);
}

template <int kTables, bool kMasks>
inline __m512i step_trees(const Columns<kTables>& columns, const std::uint8_t* step,
                          __m512i cursor) {
  __m512i answer = columns.look_up(load(step));
  if constexpr (kMasks) {
    answer = _mm512_and_si512(answer, load(step + 256));
  }
  return advance(cursor, answer, load(step + 64), load(step + 128), load(step + 192));
}

// Two groups at a time: a step waits for the one before it of its group, and the other group's
// fills the gap. Groups are ordered by size, so the second is never the longer one.
template <int kTables, bool kMasks, typename Sum>
void walk_groups(const CursorData& data, const LaneRoom& room, RowSum<Sum>& row_sum) {
  RowSum<Sum> sum = row_sum;  // a copy: bytes that are written could change the other
  constexpr std::size_t kStep = kMasks ? 320 : 256;
  using Table = Columns<kTables>;
  std::uint8_t* leaves = room.leaves;
  std::size_t group = 0;
  for (; group + 2 <= data.groups; group += 2, leaves += 128) {
    const std::uint8_t* a = data.steps + data.group_step[group] * kStep;
    const std::uint8_t* b = data.steps + data.group_step[group + 1] * kStep;
    const std::uint8_t* end_a = b;
    const std::uint8_t* end_b = data.steps + data.group_step[group + 2] * kStep;
    const Table table_a(columns_of_group(data, group, room.answers, room.spare));
    const Table table_b(columns_of_group(data, group + 1, room.answers, room.spare + 256));
    __m512i cursor_a = _mm512_setzero_si512();
    __m512i cursor_b = cursor_a;
    for (; b != end_b; a += kStep, b += kStep) {
      cursor_a = step_trees<kTables, kMasks>(table_a, a, cursor_a);
      cursor_b = step_trees<kTables, kMasks>(table_b, b, cursor_b);
    }
    for (; a != end_a; a += kStep) {
      cursor_a = step_trees<kTables, kMasks>(table_a, a, cursor_a);
    }
    _mm512_storeu_si512(leaves, cursor_a);
    _mm512_storeu_si512(leaves + 64, cursor_b);
    sum.reach(64 * (group + 2));
  }
  if (group < data.groups) {
    const Table table(columns_of_group(data, group, room.answers, room.spare));
    const std::uint8_t* step = data.steps + data.group_step[group] * kStep;
    const std::uint8_t* end = data.steps + data.group_step[group + 1] * kStep;
    __m512i cursor = _mm512_setzero_si512();
    for (; step != end; step += kStep) {
      cursor = step_trees<kTables, kMasks>(table, step, cursor);
    }
    _mm512_storeu_si512(leaves, cursor);
  }
  row_sum = sum;
}

template <bool kMasks, typename Sum>
void walk_groups(const CursorData& data, const LaneRoom& room, RowSum<Sum>& sum) {
  if (data.widest_group <= 64) {
    walk_groups<1, kMasks>(data, room, sum);
  } else if (data.widest_group <= 128) {
    walk_groups<2, kMasks>(data, room, sum);
  } else {
    walk_groups<4, kMasks>(data, room, sum);
  }
}

template <bool kMasks>
inline __m512i step_rows(const std::uint8_t* columns, const CursorSplit& split, __m512i cursor) {
  __m512i answer = load(columns + 64 * static_cast<std::size_t>(split.column));
  if constexpr (kMasks) {
    answer = _mm512_and_si512(answer, all(split.mask));
  }
  return advance(cursor, answer, all(split.rank), all(split.first), all(split.right));
}

// The remaining splits of a tree, then its leaves.
template <typename Level, bool kMasks, typename Sum>
inline void finish_tree(const CursorData& data, std::size_t tree, std::uint32_t done,
                        __m512i cursor, const Block& block, const Sum* values, Sum* sums) {
  const CursorSplit* end = data.splits + data.tree_split[tree + 1];
  for (const CursorSplit* split = data.splits + data.tree_split[tree] + done; split != end;
       ++split) {
    cursor = step_rows<kMasks>(block.answers, *split, cursor);
  }
  alignas(64) std::uint8_t leaf[64];
  _mm512_store_si512(leaf, cursor);
  add_tree<Level>(data, tree, block, values, leaf, sums);
}

// Four trees interleaved: one is bound by latency, eight run out of registers.
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
    const CursorSplit* s0 = data.splits + start[0];
    const CursorSplit* s1 = data.splits + start[1];
    const CursorSplit* s2 = data.splits + start[2];
    const CursorSplit* s3 = data.splits + start[3];
    __m512i c0 = _mm512_setzero_si512();
    __m512i c1 = c0;
    __m512i c2 = c0;
    __m512i c3 = c0;
    for (std::uint32_t i = 0; i < common; ++i) {
      c0 = step_rows<kMasks>(columns, s0[i], c0);
      c1 = step_rows<kMasks>(columns, s1[i], c1);
      c2 = step_rows<kMasks>(columns, s2[i], c2);
      c3 = step_rows<kMasks>(columns, s3[i], c3);
    }
    finish_tree<Level, kMasks>(data, tree, common, c0, block, values, sums);
    finish_tree<Level, kMasks>(data, tree + 1, common, c1, block, values, sums);
    finish_tree<Level, kMasks>(data, tree + 2, common, c2, block, values, sums);
    finish_tree<Level, kMasks>(data, tree + 3, common, c3, block, values, sums);
  }
  for (; tree < data.trees; ++tree) {
    finish_tree<Level, kMasks>(data, tree, 0, _mm512_setzero_si512(), block, values, sums);
  }
}

struct Avx512 : CursorAnswers<Avx512>, AddLeaves {
  static unsigned count8(const double* t, double x) {
    const __mmask8 below = _mm512_cmp_pd_mask(_mm512_loadu_pd(t), _mm512_set1_pd(x), _CMP_LT_OQ);
    return static_cast<unsigned>(__builtin_popcount(below));
  }
  template <typename Sum>
  static void trees_in_lanes(const CursorData& data, const LaneRoom& room, RowSum<Sum>& sum) {
    data.masks ? walk_groups<true>(data, room, sum) : walk_groups<false>(data, room, sum);
  }
  template <typename Sum>
  static void rows_in_lanes(const CursorData& data, const Block& block, const Sum* values,
                            Sum* sums) {
    data.masks ? walk_rows<Avx512, true>(data, block, values, sums)
               : walk_rows<Avx512, false>(data, block, values, sums);
  }
};
}  // namespace

void cursor_avx512(const CursorData& data, std::size_t rows, const double* x, const double* start,
                   double* out, const LaneRoom& room) noexcept {
  if (rows == 1) {
    fetch_pages(data);
  }
  score_with<Avx512>(data, rows, x, start, out, room);
}

}  // namespace bascule
