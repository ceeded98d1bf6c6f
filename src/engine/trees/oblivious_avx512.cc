// Symmetric trees for AVX-512 with VBMI: answers are bits, of one row or of 64.

#include "engine/trees/lanes_avx512.h"
#include "engine/trees/oblivious_common.h"

namespace bascule {
namespace {
inline __m512i load(const void* from) {
  return _mm512_loadu_si512(from);
}

// Each lane's byte out of 64 * kTables.
template <int kTables>
inline __m512i look_up(const __m512i* table, __m512i index) {
  if constexpr (kTables == 1) {
    return _mm512_permutexvar_epi8(index, table[0]);
  } else {
    const __m512i low = _mm512_permutex2var_epi8(table[0], index, table[1]);
    if constexpr (kTables == 2) {
      return low;
    } else {
      const __m512i high = _mm512_permutex2var_epi8(table[2], index, table[3]);
      return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(index), high);  // bit 7: which half
    }
  }
}

inline __m512i next_level(__m512i leaf, __m512i bits, __m512i mask) {
  leaf = _mm512_add_epi8(leaf, leaf);
  return _mm512_mask_add_epi8(leaf, _mm512_test_epi8_mask(bits, mask), leaf, _mm512_set1_epi8(1));
}

// `bits(step)` are each lane's byte of the answers. The leaves of a group are added while the next
// one is walked.
template <typename Sum, typename Bits>
inline void walk_groups(const ObliviousData& data, const LaneRoom& room, std::size_t step_bytes,
                        RowSum<Sum>& row_sum, Bits bits) {
  RowSum<Sum> sum = row_sum;  // a copy: bytes that are written could change the other
  const std::uint8_t* step = data.steps;
  for (std::size_t group = 0; group < data.groups; ++group) {
    __m512i leaf = _mm512_setzero_si512();
    for (std::size_t level = 0; level < data.depth; ++level, step += step_bytes) {
      leaf = next_level(leaf, bits(step), load(step + 64));
    }
    _mm512_storeu_si512(room.leaves + 64 * group, leaf);
    sum.reach(64 * (group + 1));
  }
  row_sum = sum;
}

template <int kTables>
inline void load_tables(const std::uint8_t* answers, __m512i* table) {
  for (int i = 0; i < kTables; ++i) {
    table[i] = load(answers + 64 * i);
  }
}

template <int kTables, typename Sum>
void walk_on_table(const ObliviousData& data, const LaneRoom& room, RowSum<Sum>& sum) {
  __m512i table[kTables];
  load_tables<kTables>(room.answers, table);
  walk_groups(data, room, 128, sum,
              [&](const std::uint8_t* step) { return look_up<kTables>(table, load(step)); });
}

// With more conditions than 256 bytes hold, each lane takes its byte from one of two such tables.
template <typename Sum>
void walk_on_two_tables(const ObliviousData& data, const LaneRoom& room, RowSum<Sum>& sum) {
  __m512i table[8];
  load_tables<8>(room.answers, table);
  walk_groups(data, room, 192, sum, [&](const std::uint8_t* step) {
    const __m512i index = load(step);
    const __m512i which = load(step + 128);
    return _mm512_mask_mov_epi8(look_up<4>(table, index), _mm512_test_epi8_mask(which, which),
                                look_up<4>(table + 4, index));
  });
}

// The same of any number of tables, which no longer stay in registers.
template <typename Sum>
void walk_on_tables(const ObliviousData& data, const LaneRoom& room, RowSum<Sum>& sum) {
  const std::size_t tables = (data.conditions + kTableConditions - 1) / kTableConditions;
  walk_groups(data, room, 192, sum, [&](const std::uint8_t* step) {
    const __m512i index = load(step);
    const __m512i which = load(step + 128);
    __m512i bits = index;
    for (std::size_t i = 0; i < tables; ++i) {
      __m512i table[4];
      load_tables<4>(room.answers + 256 * i, table);
      const __mmask64 here = _mm512_cmpeq_epi8_mask(which, _mm512_set1_epi8(static_cast<char>(i)));
      bits = _mm512_mask_mov_epi8(bits, here, look_up<4>(table, index));
    }
    return bits;
  });
}

// 64 rows; the last level is the lowest bit.
template <int kDepth>
inline __m512i leaves_of_rows(const std::uint64_t* answer, const std::uint32_t* condition) {
  __m512i leaf = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int level = 0; level < kDepth; ++level) {
    const __m512i bit = _mm512_set1_epi8(static_cast<char>(1U << (kDepth - 1 - level)));
    leaf = _mm512_mask_add_epi8(leaf, _cvtu64_mask64(answer[condition[level]]), leaf, bit);
  }
  return leaf;
}

inline __m512i leaves_of_rows(const std::uint64_t* answer, const std::uint32_t* condition,
                              std::uint32_t depth) {
  switch (depth) {
    case 1:
      return leaves_of_rows<1>(answer, condition);
    case 2:
      return leaves_of_rows<2>(answer, condition);
    case 3:
      return leaves_of_rows<3>(answer, condition);
    case 4:
      return leaves_of_rows<4>(answer, condition);
    case 5:
      return leaves_of_rows<5>(answer, condition);
    case 6:
      return leaves_of_rows<6>(answer, condition);
    case 7:
      return leaves_of_rows<7>(answer, condition);
    case 8:
      return leaves_of_rows<8>(answer, condition);
    default:
      return _mm512_setzero_si512();
  }
}

inline std::uint64_t above(__m512 low, __m512 high, __m512 border) {
  return std::uint64_t{_mm512_cmp_ps_mask(low, border, _CMP_GT_OQ)} |
         std::uint64_t{_mm512_cmp_ps_mask(high, border, _CMP_GT_OQ)} << 16;
}

struct Avx512 : AddLeaves {
  // A bit a condition. Cells stand behind the bits, in what 64 rows would need.
  static void answer_row(const ObliviousData& data, const double* x, const LaneRoom& room) {
    auto* cells = reinterpret_cast<float*>(room.answers + 32 * data.conditions);
    if (data.cell_missing != nullptr) {
      for (std::size_t i = 0; i < data.used; i += 16) {
        _mm512_storeu_ps(cells + i, cells_of(data, x + i, i));
      }
    } else {
      for (std::size_t i = 0; i < data.used; ++i) {
        cells[i] = cell_of(data.feature[i], x[data.feature[i].feature]);
      }
    }
    for (std::size_t c = 0; c < data.conditions; c += kAnswersAtOnce) {
      const float* border = data.border + c;
      const std::uint32_t* asked = data.asked + c / kConditionsAtOnce;
      const auto above = [&](int i) {
        return _mm512_cmp_ps_mask(_mm512_set1_ps(cells[asked[i]]), _mm512_loadu_ps(border + 16 * i),
                                  _CMP_GT_OQ);
      };
      const __mmask32 low = _mm512_kunpackw(above(1), above(0));
      const __mmask32 high = _mm512_kunpackw(above(3), above(2));
      _store_mask64(reinterpret_cast<__mmask64*>(room.answers + c / 8), _mm512_kunpackd(high, low));
    }
  }
  // 16 features of a row as `cell_of` has them.
  static __m512 cells_of(const ObliviousData& data, const double* x, std::size_t i) {
    const std::size_t left = data.used - i;
    const auto there = static_cast<__mmask16>(left < 16 ? (1U << left) - 1 : 0xFFFFU);
    const __m256 low = _mm512_cvtpd_ps(_mm512_maskz_loadu_pd(static_cast<__mmask8>(there), x));
    const __m256 high =
        _mm512_cvtpd_ps(_mm512_maskz_loadu_pd(static_cast<__mmask8>(there >> 8), x + 8));
    const __m512 cell = _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
    const __mmask16 missing = _mm512_cmp_ps_mask(cell, cell, _CMP_UNORD_Q);
    return _mm512_mask_mov_ps(_mm512_min_ps(cell, _mm512_loadu_ps(data.cell_largest + i)), missing,
                              _mm512_loadu_ps(data.cell_missing + i));
  }
  template <typename Sum>
  static void trees_in_lanes(const ObliviousData& data, const LaneRoom& room, RowSum<Sum>& sum) {
    if (data.conditions <= kTableConditions / 4) {
      walk_on_table<1>(data, room, sum);
    } else if (data.conditions <= kTableConditions / 2) {
      walk_on_table<2>(data, room, sum);
    } else if (data.conditions <= kTableConditions) {
      walk_on_table<4>(data, room, sum);
    } else if (data.conditions <= 2 * kTableConditions) {
      walk_on_two_tables(data, room, sum);
    } else {
      walk_on_tables(data, room, sum);
    }
  }

  // 64 bits a condition.
  static void answer_block(const ObliviousData& data, std::size_t rows, const double* x,
                           const LaneRoom& room) {
    auto* answers = reinterpret_cast<std::uint64_t*>(room.answers);
    auto* column = reinterpret_cast<float*>(room.spare);
    for (std::size_t i = 0; i < data.used; ++i) {
      const ObliviousFeature& feature = data.feature[i];
      fill_column(data, feature, rows, x, column);
      const __m512 cells[4] = {_mm512_loadu_ps(column), _mm512_loadu_ps(column + 16),
                               _mm512_loadu_ps(column + 32), _mm512_loadu_ps(column + 48)};
      for (std::uint32_t c = feature.first; c < feature.first + feature.count; ++c) {
        const __m512 border = _mm512_set1_ps(data.border[c]);
        answers[c] = above(cells[0], cells[1], border) | above(cells[2], cells[3], border) << 32;
      }
    }
  }
  template <typename Sum>
  static void rows_in_lanes(const ObliviousData& data, const Block& block, const Sum* values,
                            Sum* sums) {
    const auto* answers = reinterpret_cast<const std::uint64_t*>(block.answers);
    for (std::size_t tree = 0; tree < data.trees; ++tree) {
      const std::uint32_t first = data.tree_level[tree];
      alignas(64) std::uint8_t leaf[kTreeLanes];
      _mm512_store_si512(
          leaf, leaves_of_rows(answers, data.condition + first, data.tree_level[tree + 1] - first));
      add_tree<Avx512>(data, tree, block, values, leaf, sums);
    }
  }
};
}  // namespace

void oblivious_avx512(const ObliviousData& data, std::size_t rows, const double* x,
                      const double* start, double* out, const LaneRoom& room) noexcept {
  score_with<Avx512>(data, rows, x, start, out, room);
}

}  // namespace bascule
