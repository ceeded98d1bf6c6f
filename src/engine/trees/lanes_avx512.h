// What the kernels with lanes share on AVX-512: leaves added to the sums of 64 rows.
//
// The values of small trees fit registers, and permutes replace 64 loads. They are read as whole
// registers: after the last tree the layout has as many more.
#pragma once

#include <immintrin.h>

#include "engine/trees/lanes_common.h"

namespace bascule {
namespace {

// kRegisters of 8 values each: 4 (32 leaves) or 8 (64).
template <int kRegisters>
inline void add_doubles(const double* values, const std::uint8_t* leaf, double* sums) {
  __m512d v[kRegisters];
  for (int i = 0; i < kRegisters; ++i) {
    v[i] = _mm512_loadu_pd(values + 8 * i);
  }
  for (std::size_t row = 0; row < 64; row += 8) {
    const auto* bytes = reinterpret_cast<const __m128i*>(leaf + row);
    const __m512i id = _mm512_maskz_cvtepu8_epi64(255, _mm_loadl_epi64(bytes));
    const __mmask8 bit4 = _mm512_test_epi64_mask(id, _mm512_set1_epi64(16));
    __m512d value = _mm512_mask_mov_pd(_mm512_permutex2var_pd(v[0], id, v[1]), bit4,
                                       _mm512_permutex2var_pd(v[2], id, v[3]));
    if constexpr (kRegisters == 8) {
      const __mmask8 bit5 = _mm512_test_epi64_mask(id, _mm512_set1_epi64(32));
      const __m512d high = _mm512_mask_mov_pd(_mm512_permutex2var_pd(v[4], id, v[5]), bit4,
                                              _mm512_permutex2var_pd(v[6], id, v[7]));
      value = _mm512_mask_mov_pd(value, bit5, high);
    }
    _mm512_storeu_pd(sums + row, _mm512_add_pd(_mm512_loadu_pd(sums + row), value));
  }
}

struct AddLeaves {
  static void add_leaves(const double* values, std::size_t leaves, const std::uint8_t* leaf,
                         double* sums) {
    if (leaves <= 32) {
      add_doubles<4>(values, leaf, sums);
    } else if (leaves <= 64) {
      add_doubles<8>(values, leaf, sums);
    } else {
      add_each(values, leaf, sums);
    }
  }

  static void add_leaves(const float* values, std::size_t leaves, const std::uint8_t* leaf,
                         float* sums) {
    if (leaves > 64) {
      add_each(values, leaf, sums);
      return;
    }
    const __m512 v0 = _mm512_loadu_ps(values);
    const __m512 v1 = _mm512_loadu_ps(values + 16);
    const __m512 v2 = _mm512_loadu_ps(values + 32);
    const __m512 v3 = _mm512_loadu_ps(values + 48);
    for (std::size_t row = 0; row < 64; row += 16) {
      const auto* bytes = reinterpret_cast<const __m128i*>(leaf + row);
      const __m512i id = _mm512_cvtepu8_epi32(_mm_loadu_si128(bytes));
      const __m512 low = _mm512_permutex2var_ps(v0, id, v1);
      const __m512 high = _mm512_permutex2var_ps(v2, id, v3);
      const __mmask16 upper = _mm512_test_epi32_mask(id, _mm512_set1_epi32(32));
      const __m512 value = _mm512_mask_mov_ps(low, upper, high);
      _mm512_storeu_ps(sums + row, _mm512_add_ps(_mm512_loadu_ps(sums + row), value));
    }
  }
};

}  // namespace
}  // namespace bascule
