// The loops of cells.h. Each kernel file includes this once and gets its own copy, compiled for its
// own processor: that is why the namespace has no name. `Level` is the file's struct:
//   Lanes, Answers      a register of doubles, and one of integers as wide
//   all(x)              every lane x
//   any(answers)        whether one is not 0
//   choose(when, a, b)  a where the answer is all ones, else b
//   size(x)             |x|
//   turn(rows)          as many registers as lanes: rows become columns
#pragma once

#include "engine/kernels/cells.h"
#include "engine/kernels/steps_common.h"

namespace bascule {
namespace {

// f(to, from, operand) for every full register, then g for every cell that is left.
template <typename Level, typename Wide, typename Narrow>
[[gnu::always_inline]] inline void each_cell(std::size_t width, const double* x,
                                             const double* operand, double* y, Wide wide,
                                             Narrow narrow) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  std::size_t col = 0;
  for (; col + kLanes <= width; col += kLanes) {
    const Lanes cell = *reinterpret_cast<const Lanes*>(x + col);
    const Lanes by = *reinterpret_cast<const Lanes*>(operand + col);
    *reinterpret_cast<Lanes*>(y + col) = wide(cell, by);
  }
  for (; col < width; ++col) {
    y[col] = narrow(x[col], operand[col]);
  }
}

template <typename Level>
bool any_beyond(std::size_t width, const double* x, double limit, bool missing) {
  using Lanes = typename Level::Lanes;
  using Answers = typename Level::Answers;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  const Lanes most = Level::all(limit);
  Answers found = {};
  std::size_t col = 0;
  for (; col + kLanes <= width; col += kLanes) {
    const Lanes size = Level::size(*reinterpret_cast<const Lanes*>(x + col));
    const Answers beyond = size > most;
    const Answers nan = size != size;  // NOLINT(misc-redundant-expression)
    found |= missing ? beyond : beyond | nan;
  }
  bool odd = Level::any(found);
  for (; col < width; ++col) {
    const double size = __builtin_fabs(x[col]);
    odd |= missing ? size > limit : !(size <= limit);
  }
  return odd;
}

template <typename Level>
void apply_step(const CellStep& step, std::size_t width, const double* x, double* y) {
  using Lanes = typename Level::Lanes;
  const auto run = [&](auto wide, auto narrow) {
    each_cell<Level>(width, x, step.operand, y, wide, narrow);
  };
  const auto same = [&](auto f) { run(f, f); };
  switch (step.kind) {
    case CellStepKind::kSubtract:
      return same([](auto cell, auto by) { return cell - by; });
    case CellStepKind::kAdd:
      return same([](auto cell, auto by) { return cell + by; });
    case CellStepKind::kMultiply:
      return same([](auto cell, auto by) { return cell * by; });
    case CellStepKind::kDivide:
      return same([](auto cell, auto by) { return cell / by; });
    case CellStepKind::kFillMissing:
      // NOLINTNEXTLINE(misc-redundant-expression)
      return run([](Lanes cell, Lanes by) { return Level::choose(cell != cell, by, cell); },
                 [](double cell, double by) { return cell != cell ? by : cell; });
    case CellStepKind::kAtLeast:
      return run([](Lanes cell, Lanes by) { return Level::choose(cell < by, by, cell); },
                 [](double cell, double by) { return cell < by ? by : cell; });
    case CellStepKind::kAtMost:
      return run([](Lanes cell, Lanes by) { return Level::choose(cell > by, by, cell); },
                 [](double cell, double by) { return cell > by ? by : cell; });
    case CellStepKind::kCheck:
    case CellStepKind::kCheckOrMissing:
      return;
  }
}

template <typename Level>
bool chain(const CellStep* steps, std::size_t count, std::size_t width, const double* x,
           double* y) noexcept {
  bool odd = false;
  const double* source = x;
  for (std::size_t i = 0; i < count; ++i) {
    const CellStep& step = steps[i];
    const bool missing = step.kind == CellStepKind::kCheckOrMissing;
    if (missing || step.kind == CellStepKind::kCheck) {
      odd |= any_beyond<Level>(width, source, step.limit, missing);
    } else {
      apply_step<Level>(step, width, source, y);
      source = y;
    }
  }
  for (std::size_t col = 0; source == x && col < width; ++col) {
    y[col] = x[col];
  }
  return odd;
}

template <typename Level>
bool any_nan(const double* x, std::size_t count) noexcept {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  typename Level::Answers found = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Lanes cell = *reinterpret_cast<const Lanes*>(x + i);
    found |= cell != cell;  // NOLINT(misc-redundant-expression)
  }
  bool nan = Level::any(found);
  for (; i < count; ++i) {
    nan |= x[i] != x[i];
  }
  return nan;
}

// A register's cells from `x` on, of which the first `left` are there; 0 for the others.
template <typename Level>
[[gnu::always_inline]] inline typename Level::Lanes load_cells(const double* x, std::size_t left) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  if (left >= kLanes) [[likely]] {
    return *reinterpret_cast<const Lanes*>(x);
  }
  Lanes cells = {};
  for (std::size_t i = 0; i < left; ++i) {
    cells[i] = x[i];
  }
  return cells;
}

constexpr std::size_t kTile = 4;  // registers that choosing a step is paid for at once

// `kVectors` registers of columns from `col` on, for `kRows` rows, one or as many as lanes: `cells`
// becomes the steps of x, times the weights. What is not 0 in the answer was odd in a check.
template <typename Level, std::size_t kRows, std::size_t kVectors>
[[gnu::always_inline]] inline typename Level::Answers weigh_tile(
    const CellStep* steps, std::size_t count, const double* x, std::size_t width, std::size_t col,
    const double* weights, typename Level::Lanes (&cells)[kVectors][kRows]) {
  using Lanes = typename Level::Lanes;
  using Answers = typename Level::Answers;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  const auto each_cell = [&](const double* operand, auto change) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Lanes by = *reinterpret_cast<const Lanes*>(operand + col + v * kLanes);
#pragma GCC unroll 4
      for (std::size_t row = 0; row < kRows; ++row) {
        cells[v][row] = change(cells[v][row], by);
      }
    }
  };
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    const std::size_t at = col + v * kLanes;
#pragma GCC unroll 4
    for (std::size_t row = 0; row < kRows; ++row) {
      cells[v][row] = load_cells<Level>(x + row * width + at, width - at);
    }
  }
  Answers found = {};
  for (std::size_t i = 0; i < count; ++i) {
    const CellStep& step = steps[i];
    const bool missing = step.kind == CellStepKind::kCheckOrMissing;
    if (!missing && step.kind != CellStepKind::kCheck) {
      with_step<Level>(step.kind, [&](auto change) { each_cell(step.operand, change); });
      continue;
    }
    const Lanes most = Level::all(step.limit);
    Answers beyond = {};
    Answers nan = {};
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (std::size_t row = 0; row < kRows; ++row) {
        const Lanes cell = cells[v][row];
        beyond |= Level::size(cell) > most;
        nan |= cell != cell;  // NOLINT(misc-redundant-expression)
      }
    }
    found |= missing ? beyond : beyond | nan;
  }
  each_cell(weights, [](Lanes cell, Lanes by) { return cell * by; });
  return found;
}

// `sums` of one row.
template <typename Level>
bool sum_row(const CellStep* steps, std::size_t count, const double* x, std::size_t width,
             const double* weights, double* y) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  constexpr std::size_t kVectors = kTile;
  typename Level::Answers found = {};
  double sum = *y;
  std::size_t col = 0;
  for (; col + kVectors * kLanes <= width; col += kVectors * kLanes) {
    Lanes cells[kVectors][1];
    found |= weigh_tile<Level, 1, kVectors>(steps, count, x, width, col, weights, cells);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        sum += cells[v][0][lane];
      }
    }
  }
  for (; col < width; col += kLanes) {
    Lanes cells[1][1];
    found |= weigh_tile<Level, 1, 1>(steps, count, x, width, col, weights, cells);
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sum += cells[0][0][lane];
    }
  }
  *y = sum;
  return Level::any(found);
}

// The same of as many rows as lanes. A register holds columns of a row until their products are
// made, and then the rows of a column, so that no sum is split.
template <typename Level>
bool sum_rows(const CellStep* steps, std::size_t count, const double* x, std::size_t width,
              const double* weights, double* y) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  typename Level::Answers found = {};
  Lanes sum = *reinterpret_cast<const Lanes*>(y);
  const auto add = [&](Lanes(&cells)[kLanes]) {
    Level::turn(cells);
#pragma GCC unroll 4
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sum += cells[lane];
    }
  };
  constexpr std::size_t kVectors = kTile / kLanes;
  std::size_t col = 0;
  for (; col + kVectors * kLanes <= width; col += kVectors * kLanes) {
    Lanes cells[kVectors][kLanes];
    found |= weigh_tile<Level, kLanes, kVectors>(steps, count, x, width, col, weights, cells);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      add(cells[v]);
    }
  }
  for (; col < width; col += kLanes) {
    Lanes cells[1][kLanes];
    found |= weigh_tile<Level, kLanes, 1>(steps, count, x, width, col, weights, cells);
    add(cells[0]);
  }
  *reinterpret_cast<Lanes*>(y) = sum;
  return Level::any(found);
}

template <typename Level>
bool sums(const CellStep* steps, std::size_t count, std::size_t rows, const double* x,
          std::size_t width, const double* weights, double* y) noexcept {
  constexpr std::size_t kLanes = sizeof(typename Level::Lanes) / sizeof(double);
  bool odd = false;
  std::size_t row = 0;
  for (; row + kLanes <= rows; row += kLanes) {
    odd |= sum_rows<Level>(steps, count, x + row * width, width, weights, y + row);
  }
  for (; row < rows; ++row) {
    odd |= sum_row<Level>(steps, count, x + row * width, width, weights, y + row);
  }
  return odd;
}

}  // namespace
}  // namespace bascule
