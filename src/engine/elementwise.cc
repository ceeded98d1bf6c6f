#include "engine/elementwise.h"

#include <cmath>
#include <utility>

#include "engine/csr.h"
#include "engine/op_spec.h"

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
  }
}

// `in` and `out` may be the same row.
void apply_to_row(const ElementwiseStep& step, const double* in, double* out,
                  std::size_t width) noexcept {
  with_cell(step.what, [&](auto cell) {
    const double* operand = step.operand.data();
    for (std::size_t col = 0; col < width; ++col) {
      out[col] = cell.of(in[col], operand[col]);
    }
  });
}

class ElementwiseOp final : public Op {
 public:
  explicit ElementwiseOp(std::vector<ElementwiseStep> steps) : steps_(std::move(steps)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double* source = x;
      for (const auto& step : steps_) {
        apply_to_row(step, source, y, width);
        source = y;
      }
    }
  }

  std::span<const ElementwiseStep> elementwise() const noexcept override { return steps_; }

 private:
  std::vector<ElementwiseStep> steps_;  // at least one
};

class CsrPerColumn final : public Op {
 public:
  explicit CsrPerColumn(ElementwiseStep step) : step_(step) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    with_cell(step_.what, [&](auto cell) {
      map_stored(rows, in[0], out[0].ragged(), refused,
                 [&](std::uint32_t column, double x) { return cell.of(x, step_.operand[column]); });
    });
  }

 private:
  ElementwiseStep step_;
};
}  // namespace

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
  return std::make_unique<CsrPerColumn>(ElementwiseStep{what, by});
}

}  // namespace bascule
