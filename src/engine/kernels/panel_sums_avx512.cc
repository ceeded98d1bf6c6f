// Sums over panels for AVX-512: four lanes, two registers to a panel, and 32 registers for a tile.
//
// Zen 4 multiplies 512 bits in twice the time of 256, and product and addition of the wider ones
// overlap less: no tile of them was as fast as this one, the nearest took a sixth longer.

#include <immintrin.h>

#include "engine/kernels/panel_sums_common.h"

namespace bascule {
namespace {
struct Avx512 {
  typedef double Lanes __attribute__((vector_size(32), aligned(8), may_alias));
  typedef long long Answers __attribute__((vector_size(32), aligned(8), may_alias));
  static constexpr std::size_t kRows = 4;
  static constexpr std::size_t kPanels = 3;
  static constexpr std::size_t kPanelsOfRow = 6;
  static Lanes all(double x) { return _mm256_set1_pd(x); }
  static Lanes fused(Lanes x, Lanes p, Lanes sum) { return _mm256_fmadd_pd(x, p, sum); }
  static Lanes size(Lanes x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }
  static Lanes choose(Answers when, Lanes a, Lanes b) {
    return _mm256_blendv_pd(b, a, (__m256d)when);
  }
};
}  // namespace

extern const PanelKernels kPanelKernelsAvx512 = panel_kernels_of<Avx512>();
}  // namespace bascule
