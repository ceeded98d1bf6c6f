// Per-cell arithmetic: subtract, divide, clip ..., alone or as a chain in one step.
//
// One pass over the block, row by row, and within a row step by step: a row stays in the first
// level cache, and each cell goes through the same roundings in the same order as unfused. Checks
// ask only whether a row has an odd cell; such a row is done again cell by cell, to say which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/op.h"
#include "engine/row_errors.h"

namespace bascule {
struct CellStep;  // engine/kernels/cells.h

// Which numbers a row may hold: none that scikit-learn's check_array refuses.
struct FiniteCheck {
  bool missing = false;               // NaN is fine
  bool float32 = false;               // what float32 has no number for is not
  std::vector<std::int32_t> columns;  // [width] the input column of each, or empty

  bool passes(double x) const noexcept;
  // Marks `row` when x, of column `col`, does not pass.
  void check(double x, std::size_t row, std::size_t col, RowErrors& refused) const noexcept;
};

// The same for the kernels; its operand is borrowed from where the step's is.
CellStep cell_step(const ElementwiseStep& step) noexcept;

// What `steps` make of a cell, and whether all their checks let it pass.
double cell_after(std::span<const ElementwiseStep> steps, double x, std::size_t col) noexcept;
bool passes(std::span<const ElementwiseStep> steps, double x, std::size_t col) noexcept;

// Finds what the checks among `steps` refuse of a row [width], step by step: the first refusal is
// the one that stays.
void mark_odd(std::span<const ElementwiseStep> steps, std::size_t row, std::span<const double> x,
              RowErrors& refused) noexcept;

// An operator on one dense float64 block that does `steps` one after the other.
std::unique_ptr<Op> elementwise_op(std::vector<ElementwiseStep> steps);

// One operator that does what `first` and then `second` do; both are elementwise.
std::unique_ptr<Op> fuse(const Op& first, const Op& second);

// Does `step`, which is no check, to the cells of a sparse row, whose `columns` are as many.
void apply_stored(const ElementwiseStep& step, const std::uint32_t* columns,
                  std::span<double> cells) noexcept;

// Loads `out = in what by`, with the tensor `by`, one number per column, for a dense block.
Result<std::unique_ptr<Op>> load_per_column(OpSpec& spec, Elementwise what);
// The same for a dense or a CSR block, of which only the stored cells are touched.
Result<std::unique_ptr<Op>> load_per_column_or_csr(OpSpec& spec, Elementwise what);

}  // namespace bascule
