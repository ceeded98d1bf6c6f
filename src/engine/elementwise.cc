#include "engine/elementwise.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <utility>

#include "engine/kernels/cell_kernels.h"
#include "engine/op_spec.h"
#include "engine/parts.h"
#include "engine/scratch.h"
#include "engine/stored.h"

namespace bascule {
namespace {
template <Elementwise what>
double apply(double x, double operand) noexcept {
  switch (what) {
    case Elementwise::kSubtract:
      return x - operand;
    case Elementwise::kAdd:
      return x + operand;
    case Elementwise::kMultiply:
      return x * operand;
    case Elementwise::kDivide:
      return x / operand;
    case Elementwise::kFillMissing:
      return std::isnan(x) ? operand : x;
    case Elementwise::kAtLeast:
      return x < operand ? operand : x;
    case Elementwise::kAtMost:
      return x > operand ? operand : x;
    case Elementwise::kCheck:
      break;
  }
  return x;
}

template <Elementwise what>
struct Cell {
  static double of(double x, double operand) noexcept { return apply<what>(x, operand); }
};

// Calls `use` with the cell function of `what`, so that loops are compiled once for each.
template <typename Use>
void with_cell(Elementwise what, Use use) noexcept {
  switch (what) {
    case Elementwise::kSubtract:
      return use(Cell<Elementwise::kSubtract>());
    case Elementwise::kAdd:
      return use(Cell<Elementwise::kAdd>());
    case Elementwise::kMultiply:
      return use(Cell<Elementwise::kMultiply>());
    case Elementwise::kDivide:
      return use(Cell<Elementwise::kDivide>());
    case Elementwise::kFillMissing:
      return use(Cell<Elementwise::kFillMissing>());
    case Elementwise::kAtLeast:
      return use(Cell<Elementwise::kAtLeast>());
    case Elementwise::kAtMost:
      return use(Cell<Elementwise::kAtMost>());
    case Elementwise::kCheck:
      return;
  }
}

// The largest double that rounds to a finite float32.
constexpr double kLargestFloat32 = 0x1.fffffefffffffp127;

class ElementwiseOp final : public Op {
 public:
  explicit ElementwiseOp(std::vector<ElementwiseStep> steps)
      : steps_(std::move(steps)), kernels_(cell_kernels(best_cpu_level())) {
    for (const auto& step : steps_) {
      cell_steps_.push_back(cell_step(step));
    }
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const std::size_t width = out[0].width();
    double* y = out[0].f64();
    if (in.size() > 1) {
      return run_blocks(rows, in, width, y, refused, scratch);
    }
    const double* x = in[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      if (kernels_.chain(cell_steps_.data(), cell_steps_.size(), width, x, y)) {
        mark_odd(steps_, row, std::span(x, width), refused);
      }
    }
  }

  std::span<const ElementwiseStep> elementwise() const noexcept override { return steps_; }

  bool start_with(std::span<const Part> parts) override {
    return std::ranges::all_of(parts,
                               [](const Part& part) { return part.type.kind == ValueKind::kF64; });
  }

 private:
  // The same of blocks that stand side by side.
  void run_blocks(std::size_t rows, std::span<const View> in, std::size_t width, double* y,
                  RowErrors& refused, Scratch& scratch) const noexcept {
    copy_blocks(0, rows, in, width, y);
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      if (!kernels_.chain(cell_steps_.data(), cell_steps_.size(), width, y, y)) {
        continue;
      }
      double* x = scratch.doubles(width);
      if (x == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      copy_blocks(row, 1, in, width, x);
      mark_odd(steps_, row, std::span(x, width), refused);
    }
  }

  std::vector<ElementwiseStep> steps_;  // at least one
  std::vector<CellStep> cell_steps_;    // the same for the kernel
  const CellKernels& kernels_;
};
}  // namespace

double cell_after(std::span<const ElementwiseStep> steps, double x, std::size_t col) noexcept {
  for (const auto& step : steps) {
    with_cell(step.what, [&](auto cell) { x = cell.of(x, step.operand[col]); });
  }
  return x;
}

bool passes(std::span<const ElementwiseStep> steps, double x, std::size_t col) noexcept {
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].what == Elementwise::kCheck) {
      if (!steps[at].check->passes(x)) {
        return false;
      }
    } else {
      x = cell_after(steps.subspan(at, 1), x, col);
    }
  }
  return true;
}

CellStep cell_step(const ElementwiseStep& step) noexcept {
  // The kinds of steps are the same, in the same order, but for the checks.
  static_assert(static_cast<int>(Elementwise::kAtMost) == static_cast<int>(CellStepKind::kAtMost));
  if (step.what != Elementwise::kCheck) {
    return {static_cast<CellStepKind>(step.what), step.operand.data(), 0};
  }
  const double most = step.check->float32 ? kLargestFloat32 : DBL_MAX;
  const bool missing = step.check->missing;
  return {missing ? CellStepKind::kCheckOrMissing : CellStepKind::kCheck, nullptr, most};
}

void mark_odd(std::span<const ElementwiseStep> steps, std::size_t row, std::span<const double> x,
              RowErrors& refused) noexcept {
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].what != Elementwise::kCheck) {
      continue;
    }
    for (std::size_t col = 0; col < x.size(); ++col) {
      steps[at].check->check(cell_after(steps.first(at), x[col], col), row, col, refused);
    }
  }
}

bool FiniteCheck::passes(double x) const noexcept {
  const bool fits = std::isfinite(x) && !(float32 && std::isinf(static_cast<float>(x)));
  return fits || (std::isnan(x) && missing);
}

void FiniteCheck::check(double x, std::size_t row, std::size_t col,
                        RowErrors& refused) const noexcept {
  if (passes(x)) [[likely]] {
    return;
  }
  const auto code = std::isnan(x)   ? RowCode::kMissing
                    : std::isinf(x) ? RowCode::kInfinite
                                    : RowCode::kTooLarge;
  refused.mark(row, code, columns.empty() ? -1 : columns[col]);
}

void apply_stored(const ElementwiseStep& step, const std::uint32_t* columns,
                  std::span<double> cells) noexcept {
  with_cell(step.what, [&](auto cell) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      cells[i] = cell.of(cells[i], step.operand[columns[i]]);
    }
  });
}

std::unique_ptr<Op> elementwise_op(std::vector<ElementwiseStep> steps) {
  return std::make_unique<ElementwiseOp>(std::move(steps));
}

std::unique_ptr<Op> fuse(const Op& first, const Op& second) {
  std::vector<ElementwiseStep> steps(first.elementwise().begin(), first.elementwise().end());
  steps.insert(steps.end(), second.elementwise().begin(), second.elementwise().end());
  return elementwise_op(std::move(steps));
}

Result<std::unique_ptr<Op>> load_per_column(OpSpec& spec, Elementwise what) {
  BASCULE_TRY(const auto width, spec.same_width_f64());
  BASCULE_TRY(const auto by, spec.floats("by", width));
  return elementwise_op({ElementwiseStep{what, by}});
}

Result<std::unique_ptr<Op>> load_per_column_or_csr(OpSpec& spec, Elementwise what) {
  BASCULE_TRY(const auto type, spec.same_f64_or_csr());
  BASCULE_TRY(const auto by, spec.floats("by", type.width));
  if (type.kind == ValueKind::kF64) {
    return elementwise_op({ElementwiseStep{what, by}});
  }
  return stored_op({ElementwiseStep{what, by}});
}

}  // namespace bascule
