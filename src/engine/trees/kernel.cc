#include "engine/trees/kernel.h"

#include <utility>

namespace bascule {

std::unique_ptr<TreeKernel> best_kernel(Ensemble ensemble, CpuLevel level) {
  if (auto cursor = cursor_kernel(ensemble, level)) {
    return cursor;
  }
  return walk_kernel(std::move(ensemble));
}

}  // namespace bascule
