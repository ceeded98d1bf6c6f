// The level of four lanes for cells_common.h, which needs AVX2. Each kernel file gets its own copy.
#pragma once

#include <immintrin.h>

#include "engine/kernels/cells_common.h"

namespace bascule {
namespace {
struct FourLanes {
  typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));
  typedef long long Answers __attribute__((vector_size(32), aligned(8), may_alias));
  static Lanes all(double x) { return _mm256_set1_pd(x); }
  static Lanes first(const double* x, std::size_t count) {
    static constexpr long long kThere[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
    return _mm256_maskload_pd(
        x, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kThere + 4 - count)));
  }
  static bool any(Answers answers) {
    return _mm256_testz_si256((__m256i)answers, (__m256i)answers) == 0;
  }
  static Lanes choose(Answers when, Lanes a, Lanes b) {
    return _mm256_blendv_pd(b, a, (__m256d)when);
  }
  static Lanes size(Lanes x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }
  static Answers beyond(Lanes size, Lanes most) {
    return (Answers)_mm256_cmp_pd(size, most, _CMP_GT_OQ);
  }
  static Answers not_within(Lanes size, Lanes most) {
    return (Answers)_mm256_cmp_pd(size, most, _CMP_NLE_UQ);
  }
  static Answers either_nan(Lanes a, Lanes b) { return (Answers)_mm256_cmp_pd(a, b, _CMP_UNORD_Q); }
  static void turn(Lanes (&rows)[4]) {
    const Lanes even_ab = _mm256_unpacklo_pd(rows[0], rows[1]);
    const Lanes odd_ab = _mm256_unpackhi_pd(rows[0], rows[1]);
    const Lanes even_cd = _mm256_unpacklo_pd(rows[2], rows[3]);
    const Lanes odd_cd = _mm256_unpackhi_pd(rows[2], rows[3]);
    rows[0] = _mm256_permute2f128_pd(even_ab, even_cd, 0x20);
    rows[1] = _mm256_permute2f128_pd(odd_ab, odd_cd, 0x20);
    rows[2] = _mm256_permute2f128_pd(even_ab, even_cd, 0x31);
    rows[3] = _mm256_permute2f128_pd(odd_ab, odd_cd, 0x31);
  }
};
}  // namespace
}  // namespace bascule
