// The kernel for symmetric trees; oblivious_data.h tells the idea.

#include <utility>

#include "base/assert.h"
#include "engine/trees/kernel.h"
#include "engine/trees/lanes_kernel.h"
#include "engine/trees/oblivious_layout.h"

namespace bascule {
namespace {
ObliviousKernel kernel_of(CpuLevel level) {
  BASCULE_ASSERT(cpu_has(level));
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::kAvx512:
      return oblivious_avx512;
    case CpuLevel::kAvx2:
      return oblivious_avx2;
    case CpuLevel::kBaseline:
      break;
  }
#endif
  return oblivious_baseline;
}
}  // namespace

std::unique_ptr<TreeKernel> oblivious_kernel(const Ensemble& ensemble, CpuLevel level) {
  auto layout = ObliviousLayout::build(ensemble);
  if (!layout.has_value()) {
    return nullptr;
  }
  const std::size_t answer_bytes = layout->data().conditions * kTreeLanes + 256;
  return std::make_unique<LanesKernel<ObliviousLayout, ObliviousKernel>>(
      "oblivious", *std::move(layout), kernel_of(level), answer_bytes);
}

}  // namespace bascule
