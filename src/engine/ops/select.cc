// select: some columns, in a given order; of a sparse block each at most once.

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

class Select final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kCsr) {
      return spec.error("input 0 is {}, expected f64 or csr", value_type_name(type));
    }
    const auto last = static_cast<std::int64_t>(type.width) - 1;
    BASCULE_TRY(const auto columns, spec.integers("columns", OpSpec::kAny, 0, last));
    std::vector<std::uint32_t> chosen(columns.begin(), columns.end());
    std::vector<std::uint32_t> targets;  // of a sparse block that is put into another order
    const bool ascends = std::ranges::adjacent_find(columns, std::greater_equal()) == columns.end();
    if (type.kind == ValueKind::kCsr && !ascends) {
      targets.resize(type.width, kNowhere);
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (targets[chosen[i]] != kNowhere) {
          return spec.error("tensor 'columns' has {} twice, which a sparse block cannot give",
                            chosen[i]);
        }
        targets[chosen[i]] = static_cast<std::uint32_t>(i);
      }
    }
    spec.output(ValueType{type.kind, columns.size()});
    return std::make_unique<Select>(std::move(chosen), std::move(targets));
  }

  Select(std::vector<std::uint32_t> columns, std::vector<std::uint32_t> targets)
      : columns_(std::move(columns)), targets_(std::move(targets)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      return targets_.empty() ? run_csr(rows, in[0], out[0].ragged(), refused)
                              : run_reordered(rows, in[0], out[0].ragged(), refused, scratch);
    }
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += in[0].width()) {
      for (const auto column : columns_) {
        *y++ = x[column];
      }
    }
  }

 private:
  void run_csr(std::size_t rows, const View& in, Ragged& out, RowErrors& refused) const noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      for (auto at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
        const auto found = std::ranges::lower_bound(columns_, in.csr_columns()[at]);
        if (found == columns_.end() || *found != in.csr_columns()[at]) {
          continue;
        }
        const auto column = static_cast<std::uint32_t>(found - columns_.begin());
        if (out.push_cell(column, in.csr_values()[at])) {
          continue;
        }
        refused.mark(row, RowCode::kNoMemory);
        out.drop_row();
        break;
      }
      out.end_row();
    }
  }

  void run_reordered(std::size_t rows, const View& in, Ragged& out, RowErrors& refused,
                     Scratch& scratch) const noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!reorder(in, in.starts()[row], in.starts()[row + 1], out, scratch)) {
        refused.mark(row, RowCode::kNoMemory);
        out.drop_row();
      }
      out.end_row();
    }
  }

  // Cells `first` to `last`, of one row; false when there is no memory.
  bool reorder(const View& in, std::size_t first, std::size_t last, Ragged& out,
               Scratch& scratch) const noexcept {
    std::uint32_t* cells = scratch.words(last - first);
    if (cells == nullptr) {
      return first == last;
    }
    std::size_t count = 0;
    for (std::size_t at = first; at < last; ++at) {
      if (targets_[in.csr_columns()[at]] != kNowhere) {
        cells[count++] = static_cast<std::uint32_t>(at);
      }
    }
    const auto target = [&](std::uint32_t at) { return targets_[in.csr_columns()[at]]; };
    std::ranges::sort(std::span(cells, count), {}, target);
    for (const std::uint32_t at : std::span(cells, count)) {
      if (!out.push_cell(target(at), in.csr_values()[at])) {
        return false;
      }
    }
    return true;
  }

  std::vector<std::uint32_t> columns_;
  std::vector<std::uint32_t> targets_;  // by input column; empty where `columns_` ascend
};
}  // namespace

extern const OpDef op_select{.name = "select", .version = 1, .load = Select::load};
}  // namespace bascule
