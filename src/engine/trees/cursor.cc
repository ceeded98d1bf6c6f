// The kernel for trees of at most 256 leaves; cursor_data.h tells the idea.

#include <utility>

#include "base/assert.h"
#include "engine/trees/cursor_layout.h"
#include "engine/trees/kernel.h"
#include "engine/trees/lanes_kernel.h"

namespace bascule {
namespace {
CursorKernel kernel_of(CpuLevel level) {
  BASCULE_ASSERT(cpu_has(level));
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::kAvx512:
      return cursor_avx512;
    case CpuLevel::kAvx2:
      return cursor_avx2;
    case CpuLevel::kBaseline:
      break;
  }
#endif
  return cursor_baseline;
}
}  // namespace

std::unique_ptr<TreeKernel> cursor_kernel(const Ensemble& ensemble, CpuLevel level) {
  auto layout = CursorLayout::build(ensemble);
  if (!layout.has_value()) {
    return nullptr;
  }
  const std::size_t answer_bytes = layout->data().columns * kTreeLanes + kCursorGroupColumns;
  return std::make_unique<LanesKernel<CursorLayout, CursorKernel>>("cursor", *std::move(layout),
                                                                   kernel_of(level), answer_bytes);
}

}  // namespace bascule
