// Which kernels of cells.h a level runs.
#pragma once

#include "engine/kernels/cells.h"
#include "engine/trees/cpu_level.h"

namespace bascule {

inline const CellKernels& cell_kernels(CpuLevel level) noexcept {
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::kBaseline:
      break;
    case CpuLevel::kAvx2:
      return kCellKernelsAvx2;
    case CpuLevel::kAvx512:
      return kCellKernelsAvx512;
  }
#else
  static_cast<void>(level);
#endif
  return kCellKernelsBaseline;
}

}  // namespace bascule
