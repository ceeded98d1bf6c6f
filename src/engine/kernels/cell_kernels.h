// Which kernels of cells.h a level runs.
#pragma once

#include "engine/kernels/cells.h"
#include "engine/trees/cpu_level.h"

namespace bascule {

// Divisions are what they wait for, and 512 bits divide no faster than 256: AVX-512 has no own.
inline const CellKernels& cell_kernels(CpuLevel level) noexcept {
#if defined(__x86_64__)
  return level == CpuLevel::kBaseline ? kCellKernelsBaseline : kCellKernelsAvx2;
#else
  static_cast<void>(level);
  return kCellKernelsBaseline;
#endif
}

}  // namespace bascule
