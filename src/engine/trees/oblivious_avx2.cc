// Symmetric trees for AVX2.

#include <immintrin.h>

#include "engine/trees/oblivious_common.h"

namespace bascule {
namespace {
inline __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
inline void store(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

// 32 rows above a border, as bytes.
inline __m256i above(const float* column, __m256 border) {
  __m256i part[4];
  for (int i = 0; i < 4; ++i) {
    part[i] =
        _mm256_castps_si256(_mm256_cmp_ps(_mm256_loadu_ps(column + 8 * i), border, _CMP_GT_OQ));
  }
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(part[0], part[1]),
                                           _mm256_packs_epi32(part[2], part[3]));
  // Packs work within 128 bits: this puts fours of rows in order.
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

struct Avx2 {
  // A comparison's own 32 bits are the answer.
  static void answer_row(const ObliviousData& data, const double* x, const LaneRoom& room) {
    for (std::size_t i = 0; i < data.used; ++i) {
      const ObliviousFeature& feature = data.feature[i];
      const __m256 cell = _mm256_set1_ps(cell_of(feature, x[feature.feature]));
      for (std::uint32_t c = feature.first; c < feature.first + feature.count; c += 8) {
        const __m256 border = _mm256_loadu_ps(data.border + c);
        store(room.answers + 4 * std::size_t{c},
              _mm256_castps_si256(_mm256_cmp_ps(cell, border, _CMP_GT_OQ)));
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
        const __m256 border = _mm256_set1_ps(data.border[c]);
        std::uint8_t* answer = room.answers + c * kTreeLanes;
        store(answer, above(column, border));
        store(answer + 32, above(column + 32, border));
      }
    }
  }
  template <typename Sum>
  static void rows_in_lanes(const ObliviousData& data, const Block& block, const Sum* values,
                            Sum* sums) {
    for (std::size_t tree = 0; tree < data.trees; ++tree) {
      __m256i low = _mm256_setzero_si256();
      __m256i high = low;
      for (std::uint32_t i = data.tree_level[tree]; i < data.tree_level[tree + 1]; ++i) {
        const std::uint8_t* answer = block.answers + data.condition[i] * kTreeLanes;
        low = _mm256_sub_epi8(_mm256_add_epi8(low, low), load(answer));
        high = _mm256_sub_epi8(_mm256_add_epi8(high, high), load(answer + 32));
      }
      alignas(32) std::uint8_t leaf[kTreeLanes];
      store(leaf, low);
      store(leaf + 32, high);
      add_tree<Avx2>(data, tree, block, values, leaf, sums);
    }
  }
  template <typename Sum>
  static void add_leaves(const Sum* values, std::size_t /*leaves*/, const std::uint8_t* leaf,
                         Sum* sums) {
    add_each(values, leaf, sums);
  }
};
}  // namespace

void oblivious_avx2(const ObliviousData& data, std::size_t rows, const double* x,
                    const double* start, double* out, const LaneRoom& room) noexcept {
  score_with<Avx2>(data, rows, x, start, out, room);
}

}  // namespace bascule
