// The instruction sets that kernels are written for, and which of them this processor has.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bascule {

enum class CpuLevel : std::uint8_t {
  kBaseline,  // any processor
  kAvx2,      // x86-64-v3: AVX2, FMA, BMI2
  kAvx512,    // F, BW, DQ, VL and VBMI
};
inline constexpr std::array kCpuLevels = {CpuLevel::kBaseline, CpuLevel::kAvx2, CpuLevel::kAvx512};

std::string_view cpu_level_name(CpuLevel level) noexcept;
bool cpu_has(CpuLevel level) noexcept;
CpuLevel best_cpu_level() noexcept;

}  // namespace bascule
