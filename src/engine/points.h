// Points: rows that a package stores, to be compared with each row that is scored.
//
// Dense rows meet dense points, sparse rows meet sparse points. What the columns add is added per
// point in ascending order of columns, whatever the rows' form. Immutable once loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/kernels/panels.h"
#include "engine/op_spec.h"
#include "engine/view.h"

namespace bascule {

class Points {
 public:
  // From the operator's one input and its tensors. Dense: "points" F64 [count, width]. Sparse:
  // "starts" [count + 1], and per stored cell "columns" (ascending within a point) and "values".
  static Result<Points> load(OpSpec& spec);

  std::size_t count() const noexcept { return count_; }
  bool sparse() const noexcept { return sparse_; }
  // |p|^2 of each point.
  std::span<const double> squared_norms() const noexcept { return squared_norms_; }

  // Sums over the columns, one for each point: y[row, i], of x [rows] and p_i. Cells that neither
  // stores add nothing.
  void add_squares(std::size_t rows, const View& in, double* y) const noexcept;   // (x - p)^2
  void add_gaps(std::size_t rows, const View& in, double* y) const noexcept;      // |x - p|
  void add_products(std::size_t rows, const View& in, double* y) const noexcept;  // x * p
  // (x - p)^2 / (x + p), where that sum is not 0; dense rows only.
  void add_squares_by_mean(std::size_t rows, const View& in, double* y) const noexcept;

 private:
  struct Cell {
    std::uint32_t at;  // the column, or in `columns_` the point
    double value;
  };

  static Result<Points> load_dense(OpSpec& spec, std::size_t width);
  static Result<Points> load_sparse(OpSpec& spec, std::size_t width);
  void index_columns();

  template <typename F>
  void add_sparse(std::size_t rows, const View& in, double* y, F f) const noexcept {
    for (std::size_t row = 0; row < rows; ++row, y += count_) {
      add_sparse_row(in, row, y, f);
    }
  }
  template <typename F>
  void add_sparse_row(const View& in, std::size_t row, double* y, F f) const noexcept {
    const std::uint32_t* columns = in.csr_columns();
    const double* values = in.csr_values();
    for (std::size_t i = 0; i < count_; ++i) {
      double sum = 0;
      std::size_t at = in.starts()[row];
      const std::size_t end = in.starts()[row + 1];
      for (std::size_t k = starts_[i]; k < starts_[i + 1]; ++k) {
        for (; at < end && columns[at] < cells_[k].at; ++at) {
          sum += f(values[at], 0.0);
        }
        const bool both = at < end && columns[at] == cells_[k].at;
        sum += f(both ? values[at++] : 0.0, cells_[k].value);
      }
      for (; at < end; ++at) {
        sum += f(values[at], 0.0);
      }
      y[i] = sum;
    }
  }

  std::size_t count_ = 0;
  std::size_t width_ = 0;
  bool sparse_ = false;
  std::vector<double> squared_norms_;       // [count]
  std::span<const double> points_;          // dense: [count, width], borrowed from the package
  Panels panels_;                           // dense: the same
  std::vector<std::size_t> starts_;         // sparse: [count + 1] into cells_
  std::vector<Cell> cells_;                 // sparse, point by point
  std::vector<std::size_t> column_starts_;  // sparse: [width + 1] into columns_
  std::vector<Cell> columns_;               // sparse, column by column
};

// |x|^2 of a row, added in column order.
double squared_norm(const View& in, std::size_t row) noexcept;

}  // namespace bascule
