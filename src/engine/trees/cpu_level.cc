#include "engine/trees/cpu_level.h"

namespace bascule {

std::string_view cpu_level_name(CpuLevel level) noexcept {
  switch (level) {
    case CpuLevel::kBaseline:
      return "baseline";
    case CpuLevel::kAvx2:
      return "AVX2";
    case CpuLevel::kAvx512:
      return "AVX-512";
  }
  return "?";
}

bool cpu_has(CpuLevel level) noexcept {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi");
#else
  const bool avx2 = false;
  const bool avx512 = false;
#endif
  return level == CpuLevel::kBaseline || (level == CpuLevel::kAvx2 ? avx2 : avx512);
}

CpuLevel best_cpu_level() noexcept {
  return cpu_has(CpuLevel::kAvx512) ? CpuLevel::kAvx512
         : cpu_has(CpuLevel::kAvx2) ? CpuLevel::kAvx2
                                    : CpuLevel::kBaseline;
}

}  // namespace bascule
