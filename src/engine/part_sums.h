// The sums of a linear layer over parts, without the block in which they would stand side by side.
//
//   y[row, k] = 0 + weights[k, 0] * x[row, 0] + weights[k, 1] * x[row, 1] + ...   in this order
//
// What a code adds is known when the plan is loaded: each cell of its table goes through the steps
// before the sum and is weighed there, with the roundings that it would have in a row, and a row
// then adds what stands at its code. Zeros are left out where adding them changes nothing: a sum
// that begins at 0 is never -0, so that adding 0 or -0 leaves its bits alone, and a finite weight
// makes nothing else of a zero. Where something else could come of it, `make` gives nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/kernel_steps.h"
#include "engine/op.h"
#include "engine/parts.h"

namespace bascule {
struct CellKernels;  // engine/kernels/cells.h

class PartSums {
 public:
  struct Layer {
    std::span<const double> weights;  // [outputs, width]
    std::size_t width = 0;
    std::size_t outputs = 0;
    bool sparse = false;                     // the sum is of stored cells
    std::span<const ElementwiseStep> steps;  // done to each cell first
  };

  // None when the sums could have other bits, or a table would be too large.
  static std::optional<PartSums> make(std::span<const Part> parts, const Layer& layer);

  // Writes y [rows, outputs]; `in` are the parts. Refuses rows as the checks among the steps do.
  void run(std::size_t rows, std::span<const View> in, double* y, RowErrors& refused,
           Scratch& scratch) const noexcept;

 private:
  // One part, or dense ones that are neighbours.
  struct Source {
    ValueKind kind = ValueKind::kF64;  // kI64: codes
    std::size_t inputs = 1;
    std::size_t first = 0;  // column of the whole
    std::size_t width = 0;
    std::vector<ElementwiseStep> steps;  // of its columns
    // Of codes: for each position of the table what it adds, [count + 1, cells, outputs]; and
    // whether a check refuses it, [count + 1], empty when none is.
    std::shared_ptr<const CodeTable> table;
    std::size_t cells = 0;
    std::vector<double> addends;
    std::vector<std::uint8_t> odd;
    // Of cells as they are: filled up for dense ones of one output, else [width, outputs].
    std::vector<double> weights;
    KernelSteps kernel_steps;
  };

  explicit PartSums(const Layer& layer);
  static std::vector<Source> sources(std::span<const Part> parts);
  bool weigh(Source& source, const Layer& layer) const;
  bool weigh_codes(Source& source, const Layer& layer) const;

  // Rows that all sources go over before the next ones.
  struct Rows {
    std::size_t first;
    std::size_t count;
    double* y;  // [count, outputs]
    RowErrors& refused;
    Scratch& scratch;
  };
  // Add to y what a source has for the rows; true when a check found something.
  bool add_codes(const Source& source, const View& codes, const Rows& rows) const noexcept;
  bool add_dense(const Source& source, std::span<const View> in, const Rows& rows) const noexcept;
  bool add_stored(const Source& source, const View& in, const Rows& rows) const noexcept;
  bool add_stored_row(const Source& source, const View& in, std::size_t row, double* y,
                      const Rows& rows) const noexcept;
  void add_cells(const Source& source, const std::uint32_t* columns, std::span<const double> cells,
                 double* y) const noexcept;
  void mark_odd(std::size_t row, std::span<const View> in, RowErrors& refused) const noexcept;

  std::vector<Source> sources_;
  std::size_t outputs_;
  bool sparse_;
  bool checks_ = false;  // there are any among the steps
  std::size_t step_count_;
  const CellKernels* kernels_;
};

}  // namespace bascule
