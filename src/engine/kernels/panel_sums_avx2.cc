// Sums over panels for AVX2: four lanes, two registers to a panel.

#include <immintrin.h>

#include "engine/kernels/panel_sums_common.h"

namespace bascule {
namespace {
struct Avx2 {
  typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));
  typedef long long Answers __attribute__((vector_size(32), aligned(8), may_alias));
  static constexpr std::size_t kRows = 3;
  static constexpr std::size_t kPanels = 2;
  static constexpr std::size_t kPanelsOfRow = 4;
  static Lanes all(double x) { return _mm256_set1_pd(x); }
  static Lanes fused(Lanes x, Lanes p, Lanes sum) { return _mm256_fmadd_pd(x, p, sum); }
  static Lanes size(Lanes x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }
  static Lanes choose(Answers when, Lanes a, Lanes b) {
    return _mm256_blendv_pd(b, a, (__m256d)when);
  }
};
}  // namespace

extern const PanelKernels kPanelKernelsAvx2 = panel_kernels_of<Avx2>();
}  // namespace bascule
