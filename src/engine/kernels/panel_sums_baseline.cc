// Sums over panels for any processor: two lanes, which every 64-bit one has.

#include "engine/kernels/panel_sums_common.h"

namespace bascule {
namespace {
struct Baseline {
  typedef double Lanes __attribute__((vector_size(16), aligned(8), may_alias));
  typedef long long Answers __attribute__((vector_size(16), aligned(8), may_alias));
  static constexpr std::size_t kRows = 2;
  static constexpr std::size_t kPanels = 1;
  static constexpr std::size_t kPanelsOfRow = 2;
  static Lanes all(double x) { return Lanes{x, x}; }
  static Lanes fused(Lanes x, Lanes p, Lanes sum) {
    return Lanes{__builtin_fma(x[0], p[0], sum[0]), __builtin_fma(x[1], p[1], sum[1])};
  }
  static Lanes size(Lanes x) { return Lanes{__builtin_fabs(x[0]), __builtin_fabs(x[1])}; }
  static Lanes choose(Answers when, Lanes a, Lanes b) {
    return (Lanes)(((Answers)a & when) | ((Answers)b & ~when));
  }
};
}  // namespace

extern const PanelKernels kPanelKernelsBaseline = panel_kernels_of<Baseline>();
}  // namespace bascule
