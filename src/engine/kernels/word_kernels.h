// Which kernel of words.h a level runs.
#pragma once

#include "engine/kernels/words.h"
#include "engine/trees/cpu_level.h"

namespace bascule {

inline const WordKernels& word_kernels(CpuLevel level) noexcept {
#if defined(__x86_64__)
  return level == CpuLevel::kBaseline ? kWordKernelsBaseline : kWordKernelsAvx2;
#else
  static_cast<void>(level);
  return kWordKernelsBaseline;
#endif
}

}  // namespace bascule
