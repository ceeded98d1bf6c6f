// select: some columns, in a given order; of a sparse block in ascending order.

#include <algorithm>
#include <functional>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
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
    const bool ascends = std::ranges::adjacent_find(columns, std::greater_equal()) == columns.end();
    if (type.kind == ValueKind::kCsr && !ascends) {
      return spec.error("tensor 'columns' does not ascend, as it must for a sparse block");
    }
    spec.output(ValueType{type.kind, columns.size()});
    return std::make_unique<Select>(std::vector<std::uint32_t>(columns.begin(), columns.end()));
  }

  explicit Select(std::vector<std::uint32_t> columns) : columns_(std::move(columns)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      return run_csr(rows, in[0], out[0].ragged(), refused);
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

  std::vector<std::uint32_t> columns_;
};
}  // namespace

extern const OpDef op_select{.name = "select", .version = 1, .load = Select::load};
}  // namespace bascule
