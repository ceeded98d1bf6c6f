#include "engine/trees/kernel.h"

namespace bascule {

std::unique_ptr<TreeKernel> best_kernel(const Ensemble& ensemble, CpuLevel level) {
  if (auto oblivious = oblivious_kernel(ensemble, level)) {
    return oblivious;
  }
  if (auto cursor = cursor_kernel(ensemble, level)) {
    return cursor;
  }
  if (auto forest = forest_kernel(ensemble)) {
    return forest;
  }
  return walk_kernel(ensemble);
}

}  // namespace bascule
