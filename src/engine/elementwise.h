// Per-cell arithmetic: what a chain of subtract, divide, clip ... becomes when it is one step.
//
// One pass over the block, row by row, and within a row step by step: a row stays in the first
// level cache, and each cell goes through the same roundings in the same order as unfused.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "engine/op.h"

namespace bascule {

// out[c] = step(in[c], operand[c]) over the columns of one row. `in` and `out` may be the same.
void apply_elementwise(const ElementwiseStep& step, const double* in, double* out,
                       std::size_t width) noexcept;

// One operator that does what `first` and then `second` do; both are elementwise.
std::unique_ptr<Op> fuse(const Op& first, const Op& second);

}  // namespace bascule
