// The loops of cells.h. Each kernel file includes this once and gets its own copy, compiled for its
// own processor: that is why the namespace has no name. `Level` is the file's struct:
//   Lanes               a register of doubles
//   Answers             one for each lane, which | joins; {} is no for all
//   all(x)              every lane x
//   first(x, count)     x[0..count), fewer than lanes, then 0
//   any(answers)        whether one is yes
//   size(x)             |x|
//   beyond(size, most)  size > most
//   not_within(size, most)  the same, or NaN
//   either_nan(a, b)
//   turn(rows)          as many registers as lanes: rows become columns; where it sums several rows
// and what steps_common.h asks for.
#pragma once

#include "engine/kernels/cells.h"
#include "engine/kernels/steps_common.h"

namespace bascule {
namespace {

// A register's cells from `x` on, of which the first `left` are there; 0 for the others.
template <typename Level>
[[gnu::always_inline]] inline typename Level::Lanes load_cells(const double* x, std::size_t left) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  return left >= kLanes ? *reinterpret_cast<const Lanes*>(x) : Level::first(x, left);
}

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
[[gnu::always_inline]] inline typename Level::Answers odd(typename Level::Lanes cell,
                                                          typename Level::Lanes most,
                                                          bool missing) {
  const auto size = Level::size(cell);
  return missing ? Level::beyond(size, most) : Level::not_within(size, most);
}

template <typename Level>
bool any_odd(std::size_t width, const double* x, double limit, bool missing) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  const Lanes most = Level::all(limit);
  typename Level::Answers found = {};
  for (std::size_t col = 0; col < width; col += kLanes) {
    found |= odd<Level>(load_cells<Level>(x + col, width - col), most, missing);
  }
  return Level::any(found);
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
  bool found = false;
  const double* source = x;
  for (std::size_t i = 0; i < count; ++i) {
    const CellStep& step = steps[i];
    const bool missing = step.kind == CellStepKind::kCheckOrMissing;
    if (missing || step.kind == CellStepKind::kCheck) {
      found |= any_odd<Level>(width, source, step.limit, missing);
    } else {
      apply_step<Level>(step, width, source, y);
      source = y;
    }
  }
  for (std::size_t col = 0; source != y && col < width; ++col) {
    y[col] = x[col];
  }
  return found;
}

template <typename Level>
bool any_nan(const double* x, std::size_t count) noexcept {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  const auto load = [&](std::size_t at) { return *reinterpret_cast<const Lanes*>(x + at); };
  typename Level::Answers found = {};
  std::size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    found |= Level::either_nan(load(i), load(i + kLanes)) |
             Level::either_nan(load(i + 2 * kLanes), load(i + 3 * kLanes));
  }
  for (; i < count; i += kLanes) {
    const Lanes cells = load_cells<Level>(x + i, count - i);
    found |= Level::either_nan(cells, cells);
  }
  return Level::any(found);
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
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
      for (std::size_t row = 0; row < kRows; ++row) {
        found |= odd<Level>(cells[v][row], most, missing);
      }
    }
  }
  each_cell(weights, [](Lanes cell, Lanes by) { return cell * by; });
  return found;
}

// Of one row, `kVectors` registers of columns from `col` on: their products.
template <typename Level, std::size_t kVectors>
[[gnu::always_inline]] inline bool weigh_row(const CellStep* steps, std::size_t count,
                                             const double* x, std::size_t width, std::size_t col,
                                             const double* weights, double* products) {
  using Lanes = typename Level::Lanes;
  Lanes cells[kVectors][1];
  const auto found = weigh_tile<Level, 1, kVectors>(steps, count, x, width, col, weights, cells);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    reinterpret_cast<Lanes*>(products)[v] = cells[v][0];
  }
  return Level::any(found);
}

// `sums` of one row. Its additions wait for each other; meanwhile the processor is busy with the
// next tile, the more the fewer instructions both have: so products go through memory.
template <typename Level>
bool sum_row(const CellStep* steps, std::size_t count, const double* x, std::size_t width,
             const double* weights, double* y) {
  constexpr std::size_t kLanes = sizeof(typename Level::Lanes) / sizeof(double);
  alignas(64) double products[kTile * kLanes];
  const auto weigh = [&]<std::size_t kVectors>(std::size_t col) {
    return weigh_row<Level, kVectors>(steps, count, x, width, col, weights, products);
  };
  bool odd = false;
  double sum = *y;
  for (std::size_t col = 0; col < width; col += kTile * kLanes) {
    const std::size_t left = width - col < kTile * kLanes ? width - col : kTile * kLanes;
    switch ((left + kLanes - 1) / kLanes) {
      case 1:
        odd |= weigh.template operator()<1>(col);
        break;
      case 2:
        odd |= weigh.template operator()<2>(col);
        break;
      case 3:
        odd |= weigh.template operator()<3>(col);
        break;
      default:
        odd |= weigh.template operator()<kTile>(col);
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < left; ++i) {
      sum += products[i];
    }
  }
  *y = sum;
  return odd;
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

// `Row` is the level of rows that are left alone, perhaps with wider registers.
template <typename Level, typename Row = Level>
bool sums(const CellStep* steps, std::size_t count, std::size_t rows, const double* x,
          std::size_t width, const double* weights, double* y) noexcept {
  constexpr std::size_t kLanes = sizeof(typename Level::Lanes) / sizeof(double);
  bool odd = false;
  std::size_t row = 0;
  for (; row + kLanes <= rows; row += kLanes) {
    odd |= sum_rows<Level>(steps, count, x + row * width, width, weights, y + row);
  }
  for (; row < rows; ++row) {
    odd |= sum_row<Row>(steps, count, x + row * width, width, weights, y + row);
  }
  return odd;
}

}  // namespace
}  // namespace bascule
