// Per-cell arithmetic for AVX-512: eight lanes where one row waits for its additions.
//
// Divisions are what many rows wait for, and 512 bits divide no faster than 256: these keep four
// lanes. One row gains by having half the instructions.

#include "engine/kernels/cells_four_lanes.h"

namespace bascule {
namespace {
struct EightLanes {
  typedef double Lanes __attribute__((vector_size(64), aligned(8), may_alias));
  typedef long long Chosen __attribute__((vector_size(64), aligned(8), may_alias));
  struct Answers {
    __mmask8 lanes = 0;
    Answers operator|(Answers other) const { return {_kor_mask8(lanes, other.lanes)}; }
    Answers& operator|=(Answers other) { return *this = *this | other; }
  };
  static Lanes all(double x) { return _mm512_set1_pd(x); }
  static Lanes first(const double* x, std::size_t count) {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << count) - 1), x);
  }
  static bool any(Answers answers) { return _kortestz_mask8_u8(answers.lanes, answers.lanes) == 0; }
  static Lanes choose(Chosen when, Lanes a, Lanes b) {
    return _mm512_mask_blend_pd(_mm512_movepi64_mask((__m512i)when), b, a);
  }
  static Lanes size(Lanes x) { return _mm512_abs_pd(x); }
  static Answers beyond(Lanes size, Lanes most) {
    return {_mm512_cmp_pd_mask(size, most, _CMP_GT_OQ)};
  }
  static Answers not_within(Lanes size, Lanes most) {
    return {_mm512_cmp_pd_mask(size, most, _CMP_NLE_UQ)};
  }
  static Answers either_nan(Lanes a, Lanes b) { return {_mm512_cmp_pd_mask(a, b, _CMP_UNORD_Q)}; }
};
}  // namespace

extern const CellKernels kCellKernelsAvx512 = {chain<FourLanes>, any_nan<EightLanes>,
                                               sums<FourLanes, EightLanes>};
}  // namespace bascule
