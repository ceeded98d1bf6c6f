// Sums over panels for AVX-512: a panel to a register.

#include <immintrin.h>

#include "engine/kernels/panel_sums_common.h"

namespace bascule {
namespace {
struct Avx512 {
  typedef double Lanes __attribute__((vector_size(64), aligned(8), may_alias));
  static constexpr std::size_t kRows = 8;
  static constexpr std::size_t kPanels = 2;
  static constexpr std::size_t kPanelsOfRow = 8;
  static Lanes all(double x) { return _mm512_set1_pd(x); }
  static Lanes fused(Lanes x, Lanes p, Lanes sum) { return _mm512_fmadd_pd(x, p, sum); }
  static Lanes size(Lanes x) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), x); }
};
}  // namespace

extern const PanelKernels kPanelKernelsAvx512 = panel_kernels_of<Avx512>();
}  // namespace bascule
