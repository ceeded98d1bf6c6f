// A tree kernel: one way to score an ensemble. All ways give the same bits. docs/engine.md tells
// what each costs.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "engine/trees/cpu_level.h"
#include "engine/trees/ensemble.h"

namespace bascule {
class RowErrors;
class Scratch;

class TreeKernel {
 public:
  virtual ~TreeKernel() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual std::size_t bytes() const noexcept = 0;  // of its layout
  // x [rows, features] -> out [rows, outputs]. Rows it has no memory for are marked.
  //   start  [rows, outputs]: where the sums of each row start; null: all start from the base
  virtual void score(std::size_t rows, const double* x, const double* start, double* out,
                     RowErrors& refused, Scratch& scratch) const noexcept = 0;
};

// All kernels borrow from the ensemble's package.

// From node to node, tree by tree: what the other kernels are compared with. It has no layout, and
// borrows the ensemble itself.
std::unique_ptr<TreeKernel> walk_kernel(const Ensemble& ensemble);
// For symmetric trees: every distinct condition once. Null where it does not fit
// (oblivious_layout.h). The processor must have `level`.
std::unique_ptr<TreeKernel> oblivious_kernel(const Ensemble& ensemble, CpuLevel level);

// For trees of at most 256 leaves: every split of every tree, 64 at a time. Null where it does not
// fit (cursor_layout.h). The processor must have `level`.
std::unique_ptr<TreeKernel> cursor_kernel(const Ensemble& ensemble, CpuLevel level);

// For deep forests: the trees of a row, 48 at a time. Null where it does not fit (forest_layout.h).
std::unique_ptr<TreeKernel> forest_kernel(const Ensemble& ensemble);

// The one with the least cost for this ensemble, which may be the walk.
std::unique_ptr<TreeKernel> best_kernel(const Ensemble& ensemble, CpuLevel level);

}  // namespace bascule
