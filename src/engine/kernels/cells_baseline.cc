// Per-cell arithmetic for any processor: two lanes, which every 64-bit one has.

#include "engine/kernels/cells_common.h"

namespace bascule {
namespace {
struct Baseline {
  typedef double Lanes __attribute__((vector_size(16), aligned(8), may_alias));
  typedef long long Answers __attribute__((vector_size(16), aligned(8), may_alias));
  static Lanes all(double x) { return Lanes{x, x}; }
  static Lanes first(const double* x, std::size_t /*count*/) { return Lanes{*x, 0}; }
  static bool any(Answers answers) { return (answers[0] | answers[1]) != 0; }
  static Lanes choose(Answers when, Lanes a, Lanes b) {
    return (Lanes)(((Answers)a & when) | ((Answers)b & ~when));
  }
  static Lanes size(Lanes x) { return Lanes{__builtin_fabs(x[0]), __builtin_fabs(x[1])}; }
  static Answers beyond(Lanes size, Lanes most) { return size > most; }
  static Answers not_within(Lanes size, Lanes most) { return ~(size <= most); }
  static Answers either_nan(Lanes a, Lanes b) {
    return (a != a) | (b != b);  // NOLINT(misc-redundant-expression)
  }
  static void turn(Lanes (&rows)[2]) {
    const Lanes even = {rows[0][0], rows[1][0]};
    rows[1] = Lanes{rows[0][1], rows[1][1]};
    rows[0] = even;
  }
};
}  // namespace

extern const CellKernels kCellKernelsBaseline = {chain<Baseline>, any_nan<Baseline>,
                                                 sums<Baseline>};
}  // namespace bascule
