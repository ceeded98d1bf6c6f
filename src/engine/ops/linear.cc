// linear: out = weights * in + bias.
//
// Products are added in column order, from 0; the bias comes last. A sparse block adds its stored
// cells. numpy adds in an order that depends on its BLAS: tier T1.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/elementwise.h"
#include "engine/kernel_steps.h"
#include "engine/kernels/cell_kernels.h"
#include "engine/kernels/panels.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/part_sums.h"
#include "engine/parts.h"
#include "engine/scratch.h"
#include "engine/stored.h"

namespace bascule {
namespace {
// Rows of which one is looked at again when a check finds something odd in some.
constexpr std::size_t kCheckedRows = 32;

class Linear final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kCsr) {
      return spec.error("input 0 is {}, expected f64 or csr", value_type_name(type));
    }
    BASCULE_TRY(const auto weights, spec.matrix("weights", OpSpec::kAny, type.width));
    const std::size_t outputs = weights.size() / type.width;
    std::span<const double> bias;
    if (spec.has_tensor("bias")) {
      BASCULE_TRY(bias, spec.floats("bias", outputs));
    }
    spec.output(ValueType{ValueKind::kF64, outputs});
    return std::make_unique<Linear>(type, weights, outputs, bias);
  }

  Linear(ValueType in, std::span<const double> weights, std::size_t outputs,
         std::span<const double> bias)
      : width_(in.width),
        weights_(weights),
        outputs_(outputs),
        bias_(bias),
        kernels_(cell_kernels(best_cpu_level())) {
    if (in.kind == ValueKind::kCsr) {
      by_column_ = by_column(weights, in.width, outputs);
    } else if (outputs > 1) {
      panels_ = Panels(weights, in.width);
      if (!bias.empty()) {
        ends_.add({Elementwise::kAdd, bias}, kPanel);
      }
    } else {
      row_weights_ = filled_up(weights, kCellLanes, 0);
    }
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* y = out[0].f64();
    if (part_sums_) {
      part_sums_->run(rows, in, y, refused, scratch);
      return end(rows, y);
    }
    if (panels_.count() > 0) {
      panels_.products(rows, in[0].f64(), 0, outputs_, y, PanelEnd{ends_.data(), ends_.size()});
      return;
    }
    if (in[0].kind() == ValueKind::kCsr) {
      add_stored(rows, in[0], y, refused, scratch);
    } else {
      add_rows(rows, in[0], y, refused);
    }
    end(rows, y);
  }

  bool start_with(std::span<const StoredStep> steps) override {
    if (by_column_.empty()) {
      return false;
    }
    steps_.assign(steps.begin(), steps.end());
    return true;
  }

  bool start_with(std::span<const ElementwiseStep> steps) override {
    if (row_weights_.empty()) {
      return false;
    }
    cell_steps_.assign(steps.begin(), steps.end());
    for (const ElementwiseStep& step : steps) {
      starts_.add(step, kCellLanes);
    }
    return true;
  }

  bool start_with(std::span<const Part> parts) override {
    const bool sparse = !by_column_.empty();
    if (panels_.count() > 0 && !mostly_codes(parts)) {
      return false;
    }
    std::vector<ElementwiseStep> steps = cell_steps_;
    for (const StoredStep& step : steps_) {
      const auto* of_cells = std::get_if<ElementwiseStep>(&step);
      if (of_cells == nullptr) {
        return false;  // a norm is of all parts
      }
      steps.push_back(*of_cells);
    }
    part_sums_ = PartSums::make(parts, {weights_, width_, outputs_, sparse, steps});
    if (part_sums_) {
      by_column_ = {};
      row_weights_ = {};
      has_ends_ = ends_.size() > 0;  // among them the bias
      panels_ = {};
    }
    return part_sums_.has_value();
  }

  bool end_with(std::span<const ElementwiseStep> steps) override {
    const auto checks = [](const ElementwiseStep& step) {
      return step.what == Elementwise::kCheck;
    };
    if (panels_.count() == 0 || std::ranges::any_of(steps, checks)) {
      return false;
    }
    for (const ElementwiseStep& step : steps) {
      ends_.add(step, kPanel);
    }
    return true;
  }

 private:
  // [outputs, width] -> [width, outputs]: what one input column adds to stands side by side.
  static std::vector<double> by_column(std::span<const double> weights, std::size_t width,
                                       std::size_t outputs) {
    std::vector<double> transposed(weights.size());
    for (std::size_t k = 0; k < outputs; ++k) {
      for (std::size_t col = 0; col < width; ++col) {
        transposed[col * outputs + k] = weights[k * width + col];
      }
    }
    return transposed;
  }

  // Whether panels, whose products cost a fifth, have little to do.
  bool mostly_codes(std::span<const Part> parts) const noexcept {
    std::size_t cells = 0;
    for (const Part& part : parts) {
      cells += part.table == nullptr || !part.table->is_hot() ? part.width() : 1;
    }
    return 4 * cells <= width_;
  }

  // What comes after the sums, where panels do not do it.
  void end(std::size_t rows, double* y) const noexcept {
    if (!has_ends_ && !bias_.empty()) {
      add_bias(rows, y);
    }
    for (std::size_t row = 0; has_ends_ && row < rows; ++row, y += outputs_) {
      kernels_.chain(ends_.data(), ends_.size(), outputs_, y, y);
    }
  }

  void add_bias(std::size_t rows, double* y) const noexcept {
    const CellStep add{CellStepKind::kAdd, bias_.data(), 0};
    for (std::size_t row = 0; row < rows; ++row, y += outputs_) {
      if (outputs_ == 1) {
        *y += bias_[0];
      } else {
        kernels_.chain(&add, 1, outputs_, y, y);
      }
    }
  }

  void add_stored(std::size_t rows, const View& in, double* y, RowErrors& refused,
                  Scratch& scratch) const noexcept {
    std::fill_n(y, rows * outputs_, 0.0);
    for (std::size_t row = 0; row < rows; ++row, y += outputs_) {
      const std::size_t first = in.starts()[row];
      const std::uint32_t* columns = in.csr_columns() + first;
      std::span cells(in.csr_values() + first, in.starts()[row + 1] - first);
      if (!steps_.empty() && !cells.empty()) {
        double* changed = cells.size() > kStoredRowCells ? nullptr : scratch.doubles(cells.size());
        if (changed == nullptr) {
          refused.mark(row, RowCode::kNoMemory);
          continue;
        }
        std::ranges::copy(cells, changed);
        change_stored(steps_, row, columns, std::span(changed, cells.size()), refused);
        cells = std::span<const double>(changed, cells.size());
      }
      add_row(columns, cells, y);
    }
  }

  void add_row(const std::uint32_t* columns, std::span<const double> cells,
               double* y) const noexcept {
    if (outputs_ == 1) {
      double sum = 0;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        sum += by_column_[columns[i]] * cells[i];
      }
      *y = sum;
      return;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const double* weights = by_column_.data() + columns[i] * outputs_;
      for (std::size_t k = 0; k < outputs_; ++k) {
        y[k] += weights[k] * cells[i];
      }
    }
  }

  void add_rows(std::size_t rows, const View& in, double* y, RowErrors& refused) const noexcept {
    const std::size_t width = in.width();
    for (std::size_t first = 0; first < rows; first += kCheckedRows) {
      const std::size_t count = std::min(kCheckedRows, rows - first);
      std::fill_n(y + first, count, 0.0);
      const double* x = in.f64() + first * width;
      if (!kernels_.sums(starts_.data(), starts_.size(), count, x, width, row_weights_.data(),
                         y + first)) {
        continue;
      }
      for (std::size_t row = 0; row < count; ++row) {
        mark_odd(cell_steps_, first + row, std::span(x + row * width, width), refused);
      }
    }
  }

  // Of several outputs, on dense rows.
  Panels panels_;     // of the weights
  KernelSteps ends_;  // done last, to the sums: the bias, then others
  // Of one output, on dense rows.
  std::vector<double> row_weights_;          // filled up
  std::vector<ElementwiseStep> cell_steps_;  // done first
  KernelSteps starts_;                       // the same for the kernel
  // On sparse rows.
  std::vector<double> by_column_;  // of the weights
  std::vector<StoredStep> steps_;  // done first
  // On parts of either, when there.
  std::optional<PartSums> part_sums_;
  bool has_ends_ = false;  // `ends_` are done to its sums
  std::size_t width_;
  std::span<const double> weights_;  // [outputs, width], borrowed from the package
  std::size_t outputs_;
  std::span<const double> bias_;  // [outputs] or empty, borrowed from the package
  const CellKernels& kernels_;
};
}  // namespace

extern const OpDef op_linear{.name = "linear", .version = 1, .load = Linear::load};
}  // namespace bascule
