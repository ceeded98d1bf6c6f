#include "engine/kernels/panels.h"

#include <cstdint>

namespace bascule {
namespace {
constexpr std::size_t kLine = 64;  // bytes
}  // namespace

const PanelKernels& panel_kernels(CpuLevel level) noexcept {
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::kBaseline:
      break;
    case CpuLevel::kAvx2:
      return kPanelKernelsAvx2;
    case CpuLevel::kAvx512:
      return kPanelKernelsAvx512;
  }
#else
  static_cast<void>(level);
#endif
  return kPanelKernelsBaseline;
}

Panels::Panels(std::span<const double> points, std::size_t width, CpuLevel level)
    : kernels_(&panel_kernels(level)),
      count_(width == 0 ? 0 : points.size() / width),
      width_(width),
      cells_((count_ + kPanel - 1) / kPanel * kPanel * width + kLine / sizeof(double)) {
  const auto past = reinterpret_cast<std::uintptr_t>(cells_.data()) % kLine;
  offset_ = (kLine - past) % kLine / sizeof(double);
  for (std::size_t i = 0; i < count_; ++i) {
    double* first = cells_.data() + offset_ + i / kPanel * kPanel * width + i % kPanel;
    for (std::size_t col = 0; col < width; ++col) {
      first[col * kPanel] = points[i * width + col];
    }
  }
}

}  // namespace bascule
