#include "engine/points.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bascule {

Result<Points> Points::load(OpSpec& spec) {
  BASCULE_CHECK_OK(spec.expect_inputs(1));
  const ValueType type = spec.inputs()[0];
  if (type.kind == ValueKind::kCsr) {
    return load_sparse(spec, type.width);
  }
  BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
  return load_dense(spec, width);
}

Result<Points> Points::load_dense(OpSpec& spec, std::size_t width) {
  BASCULE_TRY(const auto cells, spec.matrix("points", OpSpec::kAny, width));
  Points points;
  points.width_ = width;
  points.count_ = width == 0 ? 0 : cells.size() / width;
  if (points.count_ == 0) {
    return spec.error("tensor 'points' is empty, expected one point at least");
  }
  points.squared_norms_.assign(points.count_, 0.0);
  points.points_ = cells;
  points.panels_ = Panels(cells, width);
  for (std::size_t i = 0; i < points.count_; ++i) {
    for (std::size_t col = 0; col < width; ++col) {
      const double p = cells[i * width + col];
      points.squared_norms_[i] += p * p;
    }
  }
  return points;
}

Result<Points> Points::load_sparse(OpSpec& spec, std::size_t width) {
  BASCULE_TRY(const auto values, spec.floats("values", OpSpec::kAny));
  BASCULE_TRY(const auto columns,
              spec.integers("columns", values.size(), 0, static_cast<std::int64_t>(width) - 1));
  BASCULE_TRY(const auto starts,
              spec.integers("starts", OpSpec::kAny, 0, static_cast<std::int64_t>(values.size())));
  if (starts.size() < 2 || starts.size() - 1 > std::numeric_limits<std::uint32_t>::max()) {
    return spec.error("tensor 'starts' has {} elements, expected two at least", starts.size());
  }
  if (starts.front() != 0 || static_cast<std::size_t>(starts.back()) != values.size() ||
      !std::ranges::is_sorted(starts)) {
    return spec.error("tensor 'starts' does not ascend from 0 to the {} stored cells",
                      values.size());
  }
  Points points;
  points.width_ = width;
  points.sparse_ = true;
  points.count_ = starts.size() - 1;
  points.starts_.assign(starts.begin(), starts.end());
  points.cells_.reserve(values.size());
  points.squared_norms_.assign(points.count_, 0.0);
  for (std::size_t i = 0; i < points.count_; ++i) {
    for (std::size_t k = points.starts_[i]; k < points.starts_[i + 1]; ++k) {
      if (k > points.starts_[i] && columns[k] <= columns[k - 1]) {
        return spec.error("tensor 'columns' does not ascend in point {}", i);
      }
      points.cells_.push_back({static_cast<std::uint32_t>(columns[k]), values[k]});
      points.squared_norms_[i] += values[k] * values[k];
    }
  }
  points.index_columns();
  return points;
}

void Points::index_columns() {
  column_starts_.assign(width_ + 1, 0);
  for (const Cell& cell : cells_) {
    ++column_starts_[cell.at + 1];
  }
  for (std::size_t col = 0; col < width_; ++col) {
    column_starts_[col + 1] += column_starts_[col];
  }
  columns_.resize(cells_.size());
  std::vector<std::size_t> next(column_starts_.begin(), column_starts_.end() - 1);
  for (std::size_t i = 0; i < count_; ++i) {
    for (std::size_t k = starts_[i]; k < starts_[i + 1]; ++k) {
      columns_[next[cells_[k].at]++] = {static_cast<std::uint32_t>(i), cells_[k].value};
    }
  }
}

void Points::add_squares(std::size_t rows, const View& in, double* y) const noexcept {
  if (!sparse_) {
    return panels_.squares(rows, in.f64(), 0, count_, y);
  }
  add_sparse(rows, in, y, [](double x, double p) noexcept { return (x - p) * (x - p); });
}

void Points::add_gaps(std::size_t rows, const View& in, double* y) const noexcept {
  if (!sparse_) {
    return panels_.gaps(rows, in.f64(), 0, count_, y);
  }
  add_sparse(rows, in, y, [](double x, double p) noexcept { return std::fabs(x - p); });
}

void Points::add_squares_by_mean(std::size_t rows, const View& in, double* y) const noexcept {
  const double* x = in.f64();
  for (std::size_t row = 0; row < rows; ++row, x += width_) {
    const double* p = points_.data();
    for (std::size_t i = 0; i < count_; ++i, p += width_) {
      double total = 0;
      for (std::size_t col = 0; col < width_; ++col) {
        const double sum = x[col] + p[col];
        total += sum == 0 ? 0.0 : (x[col] - p[col]) * (x[col] - p[col]) / sum;
      }
      *y++ = total;
    }
  }
}

void Points::add_products(std::size_t rows, const View& in, double* y) const noexcept {
  if (!sparse_) {
    return panels_.products(rows, in.f64(), 0, count_, y);
  }
  std::fill_n(y, rows * count_, 0.0);
  for (std::size_t row = 0; row < rows; ++row, y += count_) {
    for (std::size_t at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
      const std::size_t col = in.csr_columns()[at];
      const double x = in.csr_values()[at];
      for (std::size_t k = column_starts_[col]; k < column_starts_[col + 1]; ++k) {
        y[columns_[k].at] += x * columns_[k].value;
      }
    }
  }
}

double squared_norm(const View& in, std::size_t row) noexcept {
  const bool sparse = in.kind() == ValueKind::kCsr;
  const double* x = sparse ? in.csr_values() + in.starts()[row] : in.f64() + row * in.width();
  const std::size_t count = sparse ? in.starts()[row + 1] - in.starts()[row] : in.width();
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += x[i] * x[i];
  }
  return sum;
}

}  // namespace bascule
