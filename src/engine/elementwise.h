// Per-cell arithmetic: subtract, divide, clip ..., alone or as a chain in one step.
//
// One pass over the block, row by row, and within a row step by step: a row stays in the first
// level cache, and each cell goes through the same roundings in the same order as unfused.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/op.h"

namespace bascule {

// An operator on one dense float64 block that does `steps` one after the other.
std::unique_ptr<Op> elementwise_op(std::vector<ElementwiseStep> steps);

// One operator that does what `first` and then `second` do; both are elementwise.
std::unique_ptr<Op> fuse(const Op& first, const Op& second);

// Loads `out = in what by`, with the tensor `by`, one number per column, for a dense block.
Result<std::unique_ptr<Op>> load_per_column(OpSpec& spec, Elementwise what);
// The same for a dense or a CSR block, of which only the stored cells are touched.
Result<std::unique_ptr<Op>> load_per_column_or_csr(OpSpec& spec, Elementwise what);

}  // namespace bascule
