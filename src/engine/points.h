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

  // y[i] = the sum of f(x, p_i) over the columns. Cells that neither stores add nothing.
  template <typename F>
  void add(const View& in, std::size_t row, double* y, F f) const noexcept {
    if (sparse_) {
      return add_sparse(in, row, y, f);
    }
    std::fill_n(y, count_, 0.0);
    const double* x = in.f64() + row * width_;
    const double* p = by_column_.data();
    for (std::size_t col = 0; col < width_; ++col) {
      for (std::size_t i = 0; i < count_; ++i) {
        y[i] += f(x[col], *p++);
      }
    }
  }
  // As add(x * p), but columns that only one of them stores are skipped.
  void add_products(const View& in, std::size_t row, double* y) const noexcept;

 private:
  struct Cell {
    std::uint32_t at;  // the column, or in `columns_` the point
    double value;
  };

  static Result<Points> load_dense(OpSpec& spec, std::size_t width);
  static Result<Points> load_sparse(OpSpec& spec, std::size_t width);
  void index_columns();

  template <typename F>
  void add_sparse(const View& in, std::size_t row, double* y, F f) const noexcept {
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
  std::vector<double> by_column_;           // dense: [width, count]
  std::vector<std::size_t> starts_;         // sparse: [count + 1] into cells_
  std::vector<Cell> cells_;                 // sparse, point by point
  std::vector<std::size_t> column_starts_;  // sparse: [width + 1] into columns_
  std::vector<Cell> columns_;               // sparse, column by column
};

// |x|^2 of a row, added in column order.
double squared_norm(const View& in, std::size_t row) noexcept;

}  // namespace bascule
