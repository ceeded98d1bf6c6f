// Which kernel of order.h a level runs.
#pragma once

#include "engine/kernels/order.h"
#include "engine/trees/cpu_level.h"

namespace bascule {

inline const OrderKernels& order_kernels(CpuLevel level) noexcept {
#if defined(__x86_64__)
  return level == CpuLevel::kBaseline ? kOrderKernelsBaseline : kOrderKernelsAvx2;
#else
  static_cast<void>(level);
  return kOrderKernelsBaseline;
#endif
}

}  // namespace bascule
