// What a step of cells.h does to a register. Each kernel file includes this once and gets its own
// copy, compiled for its own processor: that is why the namespace has no name. `Level` is the
// file's struct:
//   Lanes, Answers      a register of doubles, and one of integers as wide
//   choose(when, a, b)  a where the answer is all ones, else b
#pragma once

#include "engine/kernels/cells.h"

namespace bascule {
namespace {

// Calls `use` with f(cell, operand) of the kind; of checks it does not.
template <typename Level, typename Use>
[[gnu::always_inline]] inline void with_step(CellStepKind kind, Use use) {
  using Lanes = typename Level::Lanes;
  switch (kind) {
    case CellStepKind::kSubtract:
      return use([](Lanes cell, Lanes by) { return cell - by; });
    case CellStepKind::kAdd:
      return use([](Lanes cell, Lanes by) { return cell + by; });
    case CellStepKind::kMultiply:
      return use([](Lanes cell, Lanes by) { return cell * by; });
    case CellStepKind::kDivide:
      return use([](Lanes cell, Lanes by) { return cell / by; });
    case CellStepKind::kFillMissing:
      // NOLINTNEXTLINE(misc-redundant-expression)
      return use([](Lanes cell, Lanes by) { return Level::choose(cell != cell, by, cell); });
    case CellStepKind::kAtLeast:
      return use([](Lanes cell, Lanes by) { return Level::choose(cell < by, by, cell); });
    case CellStepKind::kAtMost:
      return use([](Lanes cell, Lanes by) { return Level::choose(cell > by, by, cell); });
    case CellStepKind::kCheck:
    case CellStepKind::kCheckOrMissing:
      return;
  }
}

}  // namespace
}  // namespace bascule
