#include "engine/part_sums.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/kernels/cell_kernels.h"
#include "engine/scratch.h"
#include "engine/stored.h"

namespace bascule {
namespace {
constexpr std::size_t kMostAddends = std::size_t{1} << 20;  // of one part
constexpr std::size_t kTogether = 32;  // rows that stay in the first cache from part to part
constexpr double kNothing = -0.0;      // added to any sum it leaves the sum
constexpr double kSurelyFine = 3e38;   // no finite float32 is odd in any check

bool is_check(const ElementwiseStep& step) noexcept {
  return step.what == Elementwise::kCheck;
}

// The same step for `width` columns from `first` on.
ElementwiseStep narrowed(const ElementwiseStep& step, std::size_t first, std::size_t width) {
  if (!is_check(step)) {
    return {step.what, step.operand.subspan(first, width)};
  }
  auto check = std::make_shared<FiniteCheck>(*step.check);
  if (!check->columns.empty()) {
    const auto columns = std::span(step.check->columns).subspan(first, width);
    check->columns.assign(columns.begin(), columns.end());
  }
  return {step.what, {}, std::move(check)};
}

// Whether zeros of a column are left alone by the steps, so that 0 or -0 is what is weighed.
bool zeros_stay(std::span<const ElementwiseStep> steps, std::size_t col) noexcept {
  return std::ranges::all_of(std::array{0.0, -0.0}, [&](double zero) {
    return passes(steps, zero, col) && cell_after(steps, zero, col) == 0;
  });
}

// Whether adding a weighed zero of column `col` changes no sum.
bool zeros_add_nothing(const PartSums::Layer& layer, std::size_t col) noexcept {
  if (!zeros_stay(layer.steps, col)) {
    return false;
  }
  for (std::size_t k = 0; k < layer.outputs; ++k) {
    if (!std::isfinite(layer.weights[k * layer.width + col])) {
      return false;
    }
  }
  return true;
}
}  // namespace

PartSums::PartSums(const Layer& layer)
    : outputs_(layer.outputs),
      sparse_(layer.sparse),
      checks_(std::ranges::any_of(layer.steps, is_check)),
      step_count_(layer.steps.size()),
      kernels_(&cell_kernels(best_cpu_level())) {}

std::optional<PartSums> PartSums::make(std::span<const Part> parts, const Layer& layer) {
  PartSums made(layer);
  made.sources_ = sources(parts);
  for (Source& source : made.sources_) {
    if (!made.weigh(source, layer)) {
      return std::nullopt;
    }
  }
  return made;
}

std::vector<PartSums::Source> PartSums::sources(std::span<const Part> parts) {
  std::vector<Source> made;
  std::size_t first = 0;
  for (const Part& part : parts) {
    const bool dense = part.type.kind == ValueKind::kF64;
    if (dense && !made.empty() && made.back().kind == ValueKind::kF64) {
      ++made.back().inputs;
      made.back().width += part.width();
    } else {
      Source& source = made.emplace_back();
      source.kind = part.type.kind;
      source.first = first;
      source.width = part.width();
      source.table = part.table;
    }
    first += part.width();
  }
  return made;
}

// Lays out what `source` adds; false when that could have other bits.
bool PartSums::weigh(Source& source, const Layer& layer) const {
  for (const ElementwiseStep& step : layer.steps) {
    source.steps.push_back(narrowed(step, source.first, source.width));
  }
  if (source.table != nullptr) {
    return weigh_codes(source, layer);
  }
  const bool dense = source.kind == ValueKind::kF64;
  for (std::size_t col = 0; dense && sparse_ && col < source.width; ++col) {
    if (!zeros_add_nothing(layer, source.first + col)) {
      return false;  // zeros are not stored, but the loop over dense cells adds them
    }
  }
  for (const ElementwiseStep& step : source.steps) {
    source.kernel_steps.add(step, kCellLanes);
  }
  if (dense && outputs_ == 1) {
    source.weights = filled_up(layer.weights.subspan(source.first, source.width), kCellLanes, 0);
    return true;
  }
  source.weights.resize(source.width * outputs_);
  for (std::size_t k = 0; k < outputs_; ++k) {
    for (std::size_t col = 0; col < source.width; ++col) {
      source.weights[col * outputs_ + k] = layer.weights[k * layer.width + source.first + col];
    }
  }
  return true;
}

bool PartSums::weigh_codes(Source& source, const Layer& layer) const {
  const CodeTable& table = *source.table;
  for (std::size_t col = 0; table.is_hot() && !sparse_ && col < table.width; ++col) {
    if (!zeros_add_nothing(layer, source.first + col)) {
      return false;
    }
  }
  source.cells = table.is_hot() ? 1 : table.width;
  const std::size_t positions = table.count + 1;
  if (positions > kMostAddends / source.cells / outputs_) {
    return false;
  }
  source.addends.assign(positions * source.cells * outputs_, kNothing);
  source.odd.assign(positions, 0);
  double* addend = source.addends.data();
  for (std::size_t position = 0; position < positions; ++position) {
    table.each(position, [&](std::size_t col, double x) {
      double* to = addend + (table.is_hot() ? 0 : col * outputs_);
      if (sparse_ && x == 0) {
        return;
      }
      if (!passes(source.steps, x, col)) {
        source.odd[position] = 1;
      }
      const double cell = cell_after(source.steps, x, col);
      for (std::size_t k = 0; k < outputs_; ++k) {
        to[k] = layer.weights[k * layer.width + source.first + col] * cell;
      }
    });
    addend += source.cells * outputs_;
  }
  if (std::ranges::count(source.odd, 0) == static_cast<std::ptrdiff_t>(positions)) {
    source.odd.clear();
  }
  return true;
}

void PartSums::run(std::size_t rows, std::span<const View> in, double* y, RowErrors& refused,
                   Scratch& scratch) const noexcept {
  std::fill_n(y, rows * outputs_, 0.0);
  for (std::size_t row = 0; row < rows; row += kTogether, y += kTogether * outputs_) {
    const Rows some{row, std::min(kTogether, rows - row), y, refused, scratch};
    bool odd = false;
    const View* input = in.data();
    for (const Source& source : sources_) {
      if (source.table != nullptr) {
        odd |= add_codes(source, *input, some);
      } else if (source.kind == ValueKind::kF64) {
        odd |= add_dense(source, {input, source.inputs}, some);
      } else {
        odd |= add_stored(source, *input, some);
      }
      input += source.inputs;
    }
    for (std::size_t i = 0; odd && i < some.count; ++i) {
      mark_odd(row + i, in, refused);
    }
  }
}

bool PartSums::add_codes(const Source& source, const View& codes, const Rows& rows) const noexcept {
  const CodeTable& table = *source.table;
  const std::size_t stride = source.cells * outputs_;
  const double* addends = source.addends.data();
  bool odd = false;
  for (std::size_t i = 0; !source.odd.empty() && i < rows.count; ++i) {
    odd |= source.odd[table.position(codes, rows.first + i)] != 0;
  }
  double* y = rows.y;
  for (std::size_t i = 0; stride == 1 && i < rows.count; ++i) {
    y[i] += addends[table.position(codes, rows.first + i)];
  }
  for (std::size_t i = 0; stride > 1 && i < rows.count; ++i, y += outputs_) {
    const double* addend = addends + table.position(codes, rows.first + i) * stride;
    for (std::size_t cell = 0; cell < source.cells; ++cell, addend += outputs_) {
      for (std::size_t k = 0; k < outputs_; ++k) {
        y[k] += addend[k];
      }
    }
  }
  return odd;
}

bool PartSums::add_dense(const Source& source, std::span<const View> in,
                         const Rows& rows) const noexcept {
  const std::size_t width = source.width;
  const std::size_t gathered = in.size() > 1 ? rows.count * width : 0;
  const std::size_t changed = outputs_ > 1 && step_count_ > 0 ? width : 0;
  double* memory = gathered + changed > 0 ? rows.scratch.doubles(gathered + changed) : nullptr;
  if (memory == nullptr && gathered + changed > 0) {
    for (std::size_t i = 0; i < rows.count; ++i) {
      rows.refused.mark(rows.first + i, RowCode::kNoMemory);
    }
    return false;
  }
  if (gathered > 0) {
    copy_blocks(rows.first, rows.count, in, width, memory);
  }
  const double* x = gathered > 0 ? memory : in[0].f64() + rows.first * width;
  const CellStep* steps = source.kernel_steps.data();
  double* y = rows.y;
  if (outputs_ == 1) {
    return kernels_->sums(steps, step_count_, rows.count, x, width, source.weights.data(), y);
  }
  bool odd = false;
  for (std::size_t i = 0; i < rows.count; ++i, x += width, y += outputs_) {
    const double* cells = x;
    if (changed > 0) {
      odd |= kernels_->chain(steps, step_count_, width, x, memory + gathered);
      cells = memory + gathered;
    }
    for (std::size_t col = 0; col < width; ++col) {
      const double* weights = source.weights.data() + col * outputs_;
      for (std::size_t k = 0; k < outputs_; ++k) {
        y[k] += weights[k] * cells[col];
      }
    }
  }
  return odd;
}

bool PartSums::add_stored(const Source& source, const View& in, const Rows& rows) const noexcept {
  bool odd = false;
  double* y = rows.y;
  for (std::size_t i = 0; i < rows.count; ++i, y += outputs_) {
    odd |= add_stored_row(source, in, rows.first + i, y, rows);
  }
  return odd;
}

bool PartSums::add_stored_row(const Source& source, const View& in, std::size_t row, double* y,
                              const Rows& rows) const noexcept {
  const std::size_t first = in.starts()[row];
  const std::size_t count = in.starts()[row + 1] - first;
  const std::uint32_t* columns = in.csr_columns() + first;
  std::span cells(in.csr_values() + first, count);
  if (step_count_ == 0 || count == 0) {
    add_cells(source, columns, cells, y);
    return false;
  }
  double* changed = count > kStoredRowCells ? nullptr : rows.scratch.doubles(count);
  if (changed == nullptr) {
    rows.refused.mark(row, RowCode::kNoMemory);
    return false;
  }
  std::ranges::copy(cells, changed);
  bool fine = true;
  for (const ElementwiseStep& step : source.steps) {
    if (is_check(step)) {
      for (std::size_t i = 0; i < count; ++i) {
        fine &= std::fabs(changed[i]) <= kSurelyFine;
      }
    } else {
      apply_stored(step, columns, std::span(changed, count));
    }
  }
  add_cells(source, columns, std::span<const double>(changed, count), y);
  return !fine;
}

void PartSums::add_cells(const Source& source, const std::uint32_t* columns,
                         std::span<const double> cells, double* y) const noexcept {
  if (outputs_ == 1) {
    double sum = *y;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      sum += source.weights[columns[i]] * cells[i];
    }
    *y = sum;
    return;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const double* weights = source.weights.data() + columns[i] * outputs_;
    for (std::size_t k = 0; k < outputs_; ++k) {
      y[k] += weights[k] * cells[i];
    }
  }
}

// Step by step and within a step column by column, as the checks would find it in one block.
void PartSums::mark_odd(std::size_t row, std::span<const View> in,
                        RowErrors& refused) const noexcept {
  for (std::size_t at = 0; at < step_count_; ++at) {
    std::size_t input = 0;
    for (const Source& source : sources_) {
      const ElementwiseStep& step = source.steps[at];
      const auto parts = in.subspan(input, source.inputs);
      input += source.inputs;
      if (!is_check(step)) {
        continue;
      }
      const auto check = [&](std::size_t col, double x) {
        if (!sparse_ || x != 0 || source.kind == ValueKind::kCsr) {
          const double cell = cell_after(std::span(source.steps).first(at), x, col);
          step.check->check(cell, row, col, refused);
        }
      };
      if (source.table != nullptr) {
        source.table->each(source.table->position(parts[0], row), check);
      } else if (source.kind == ValueKind::kCsr) {
        for (auto cell = parts[0].starts()[row]; cell < parts[0].starts()[row + 1]; ++cell) {
          check(parts[0].csr_columns()[cell], parts[0].csr_values()[cell]);
        }
      } else {
        std::size_t col = 0;
        for (const View& part : parts) {
          for (std::size_t i = 0; i < part.width(); ++i) {
            check(col++, part.f64()[row * part.width() + i]);
          }
        }
      }
    }
  }
}

}  // namespace bascule
