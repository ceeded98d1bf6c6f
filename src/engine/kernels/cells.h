// Per-cell arithmetic over the columns of one row: the work of scalers, imputers and checks.
//
// A cell goes through the same roundings in the same order whatever the width of a register. Files
// per processor see plain data and include nothing with inline code of the library
// (docs/engine.md, "Processors").
#pragma once

#include <cstddef>
#include <cstdint>

namespace bascule {

enum class CellStepKind : std::uint8_t {
  kSubtract,
  kAdd,
  kMultiply,
  kDivide,
  kFillMissing,  // of NaN the operand
  kAtLeast,      // x < operand ? operand : x, NaN stays
  kAtMost,
  kCheck,           // |x| <= limit, or the row is odd
  kCheckOrMissing,  // the same, or NaN
};

struct CellStep {
  CellStepKind kind;
  const double* operand;  // [width]; of checks null
  double limit;           // of checks
};

inline constexpr std::size_t kCellLanes = 8;  // that what `sums` reads is filled up to

struct CellKernels {
  // y = the steps, one after the other, of x [width]; true when a check found an odd cell. `x` may
  // be `y`.
  bool (*chain)(const CellStep* steps, std::size_t count, std::size_t width, const double* x,
                double* y) noexcept;
  bool (*any_nan)(const double* x, std::size_t count) noexcept;
  // y[row] = y[row] + weights[0] * c[0] + weights[1] * c[1] + ... in this order, c being the steps,
  // one after the other, of a row of x [rows, width]; true when a check found an odd cell in one.
  //   weights, operands  [width, filled up to a multiple of kCellLanes with what leaves 0 at 0]:
  //                      with 1 for kDivide, else with 0
  //   y                  not -0, which the zeros that fill up would make 0
  bool (*sums)(const CellStep* steps, std::size_t count, std::size_t rows, const double* x,
               std::size_t width, const double* weights, double* y) noexcept;
};
extern const CellKernels kCellKernelsBaseline;
extern const CellKernels kCellKernelsAvx2;
extern const CellKernels kCellKernelsAvx512;

}  // namespace bascule
