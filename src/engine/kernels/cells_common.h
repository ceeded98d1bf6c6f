// The loops of cells.h. Each kernel file includes this once and gets its own copy, compiled for its
// own processor: that is why the namespace has no name. `Level` is the file's struct:
//   Lanes, Answers      a register of doubles, and one of integers as wide
//   all(x)              every lane x
//   any(answers)        whether one is not 0
//   choose(when, a, b)  a where the answer is all ones, else b
//   size(x)             |x|
#pragma once

#include "engine/kernels/cells.h"

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

}  // namespace
}  // namespace bascule
