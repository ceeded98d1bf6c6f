// A tree kernel: one way to score an ensemble. All ways give the same bits.
#pragma once

#include <cstddef>
#include <memory>

#include "engine/trees/ensemble.h"

namespace bascule {
class RowErrors;
class Scratch;

class TreeKernel {
 public:
  virtual ~TreeKernel() = default;
  // x [rows, features] -> out [rows, outputs]. Rows it has no memory for are marked.
  //   start  [rows, outputs]: where the sums of each row start; null: all start from the base
  virtual void score(std::size_t rows, const double* x, const double* start, double* out,
                     RowErrors& refused, Scratch& scratch) const noexcept = 0;
};

// From node to node, tree by tree: what the other kernels are compared with.
std::unique_ptr<TreeKernel> walk_kernel(Ensemble ensemble);

}  // namespace bascule
