// Sums over the columns of a row, one for each of many points: the work of a linear layer, of a
// kernel and of a distance.
//
//   y[row, i] = 0 + f(x[row, 0], p[i, 0]) + f(x[row, 1], p[i, 1]) + ...     in this order
//
// Points stand in panels of eight, column by column, so that the lanes of a register are eight
// sums and no sum is ever split: every level, every width of register and any number of rows give
// the bits of the plain loop. Files per processor see plain data and include nothing with inline
// code of the library (docs/engine.md, "Processors").
#pragma once

#include <cstddef>

#include "engine/kernels/cells.h"

namespace bascule {

inline constexpr std::size_t kPanel = 8;  // points

// What is done to a sum before it is written, while it is in a register: no checks.
struct PanelEnd {
  const CellStep* steps = nullptr;  // their operands [ceil(count / 8) * 8]
  std::size_t count = 0;
};

//   x       [rows, width]
//   panels  [ceil(count / 8), width, 8]; what fills up the last is any number
//   y       [rows, count]
using PanelSums = void (*)(std::size_t rows, const double* x, std::size_t width,
                           const double* panels, std::size_t count, const PanelEnd& end,
                           double* y) noexcept;

struct PanelKernels {
  PanelSums products;  // x * p, rounded, then added
  PanelSums fused;     // x * p and its addition rounded once
  PanelSums squares;   // (x - p)^2
  PanelSums gaps;      // |x - p|
};
extern const PanelKernels kPanelKernelsBaseline;
extern const PanelKernels kPanelKernelsAvx2;
extern const PanelKernels kPanelKernelsAvx512;

}  // namespace bascule
