// Per-cell arithmetic for AVX2: four lanes.

#include <immintrin.h>

#include "engine/kernels/cells_common.h"

namespace bascule {
namespace {
struct Avx2 {
  typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));
  typedef long long Answers __attribute__((vector_size(32), aligned(8), may_alias));
  static Lanes all(double x) { return _mm256_set1_pd(x); }
  static bool any(Answers answers) {
    return _mm256_testz_si256((__m256i)answers, (__m256i)answers) == 0;
  }
  static Lanes choose(Answers when, Lanes a, Lanes b) {
    return _mm256_blendv_pd(b, a, (__m256d)when);
  }
  static Lanes size(Lanes x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }
};
}  // namespace

extern const CellKernels kCellKernelsAvx2 = {chain<Avx2>, any_nan<Avx2>};
}  // namespace bascule
