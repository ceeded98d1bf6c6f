#include "engine/stored.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/elementwise.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
void check_stored(const FiniteCheck& check, std::size_t row, const std::uint32_t* columns,
                  std::span<const double> cells, RowErrors& refused) noexcept {
  // No finite float32 is odd in any check, and one pass without a branch tells.
  constexpr double kSurelyFine = 3e38;
  bool fine = true;
  for (const double x : cells) {
    fine &= std::fabs(x) <= kSurelyFine;
  }
  if (fine) [[likely]] {
    return;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    check.check(cells[i], row, columns[i], refused);
  }
}

void divide_by_norm(RowNorm which, std::span<double> cells) noexcept {
  const double norm = norm_of(which, cells);
  if (norm == 0) {
    return;
  }
  for (double& x : cells) {
    x /= norm;
  }
}

class StoredOp final : public Op {
 public:
  explicit StoredOp(std::vector<StoredStep> steps) : steps_(std::move(steps)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    Ragged& y = out[0].ragged();
    y.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t first = in[0].starts()[row];
      const std::size_t count = in[0].starts()[row + 1] - first;
      const std::uint32_t* columns = in[0].csr_columns() + first;
      double* cells = y.push_cells(columns, in[0].csr_values() + first, count);
      if (cells != nullptr) {
        change_stored(steps_, row, columns, std::span(cells, count), refused);
      } else if (count > 0) {
        refused.mark(row, RowCode::kNoMemory);
      }
      y.end_row();
    }
  }

  std::span<const StoredStep> stored() const noexcept override { return steps_; }

 private:
  std::vector<StoredStep> steps_;  // at least one
};
}  // namespace

double norm_of(RowNorm which, std::span<const double> cells) noexcept {
  double norm = 0;
  switch (which) {
    case RowNorm::kL1:
      for (const double x : cells) {
        norm += std::fabs(x);
      }
      return norm;
    case RowNorm::kL2:
      for (const double x : cells) {
        norm += x * x;
      }
      return std::sqrt(norm);
    case RowNorm::kMax:
      for (const double x : cells) {
        norm = std::max(norm, std::fabs(x));
      }
      return norm;
  }
  return norm;
}

void change_stored(std::span<const StoredStep> steps, std::size_t row, const std::uint32_t* columns,
                   std::span<double> cells, RowErrors& refused) noexcept {
  for (const StoredStep& step : steps) {
    if (const auto* norm = std::get_if<RowNorm>(&step)) {
      divide_by_norm(*norm, cells);
    } else if (const auto* cell = std::get_if<ElementwiseStep>(&step)) {
      if (cell->what == Elementwise::kCheck) {
        check_stored(*cell->check, row, columns, cells, refused);
      } else {
        apply_stored(*cell, columns, cells);
      }
    }
  }
}

std::unique_ptr<Op> stored_op(std::vector<StoredStep> steps) {
  return std::make_unique<StoredOp>(std::move(steps));
}

std::unique_ptr<Op> fuse_stored(const Op& first, const Op& second) {
  std::vector<StoredStep> steps(first.stored().begin(), first.stored().end());
  steps.insert(steps.end(), second.stored().begin(), second.stored().end());
  return stored_op(std::move(steps));
}

}  // namespace bascule
