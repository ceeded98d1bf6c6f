// What scalers, IDF, norms and checks do to the stored cells of a sparse block, alone or as a
// chain in one step.
//
// The columns of the cells stay, so a chain goes over the values of a row where they stand, row by
// row, and within a row step by step: each cell goes through the same roundings in the same order
// as unfused. An operator at the end of the chain can take its steps (Op::start_with), which then
// needs no sparse block between the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/limits.h"
#include "engine/op.h"
#include "engine/row_errors.h"

namespace bascule {

// What a sparse value may hold for one row: a longer row, which only an input can have, is refused
// by the first step that would copy it.
inline constexpr std::size_t kStoredRowCells =
    limits::kScratchRowBytes / (sizeof(std::uint32_t) + sizeof(double));

// The norm of a row, of a sparse one its stored cells.
//
// In the order of sklearn.utils.sparsefuncs_fast: absolute values or squares are added in column
// order; l2 takes the root of that sum.
double norm_of(RowNorm norm, std::span<const double> cells) noexcept;

// Does `steps`, one after the other, to the `cells` of row `row`, whose `columns` are as many.
void change_stored(std::span<const StoredStep> steps, std::size_t row, const std::uint32_t* columns,
                   std::span<double> cells, RowErrors& refused) noexcept;

// An operator on one CSR block that does `steps` one after the other.
std::unique_ptr<Op> stored_op(std::vector<StoredStep> steps);

// One operator that does what `first` and then `second` do; both are `stored`.
std::unique_ptr<Op> fuse_stored(const Op& first, const Op& second);

}  // namespace bascule
