#include "engine/trees/kernel.h"

#include <utility>

namespace bascule {

std::unique_ptr<TreeKernel> best_kernel(Ensemble ensemble, CpuLevel level) {
  if (auto cursor = cursor_kernel(ensemble, level)) {
    return cursor;
  }
  if (auto forest = forest_kernel(ensemble)) {
    return forest;
  }
  return walk_kernel(std::move(ensemble));
}

}  // namespace bascule
