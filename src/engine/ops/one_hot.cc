// one_hot: 1 in the column of the row's code, 0 elsewhere; nothing for a code without a column.

#include <algorithm>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "engine/codes.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/parts.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class OneHot final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    BASCULE_TRY(const auto width,
                spec.integer("width", 1, static_cast<std::int64_t>(limits::kWidth)));
    BASCULE_TRY(const auto sparse, spec.boolean("sparse", false));
    BASCULE_TRY(const auto position, spec.integers("position", code_count(spec), -1, width - 1));
    spec.output(
        ValueType{sparse ? ValueKind::kCsr : ValueKind::kF64, static_cast<std::size_t>(width)});
    auto table = std::make_shared<CodeTable>();
    table->count = position.size();
    table->width = static_cast<std::size_t>(width);
    table->hot.assign(position.begin(), position.end());
    return std::make_unique<OneHot>(sparse, std::move(table));
  }

  OneHot(bool sparse, std::shared_ptr<const CodeTable> table)
      : sparse_(sparse), table_(std::move(table)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (sparse_) {
      return run_csr(rows, in[0], out[0].ragged(), refused);
    }
    const std::size_t width = out[0].width();
    double* y = out[0].f64();
    std::fill_n(y, rows * width, 0.0);
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      const std::int32_t column = table_->column(table_->position(in[0], row));
      if (column >= 0) {
        y[column] = 1;
      }
    }
  }

  std::shared_ptr<const CodeTable> table() const override { return table_; }

  bool start_with(std::shared_ptr<const CodeTable> table) override {
    table_ = std::move(table);
    return true;
  }

 private:
  void run_csr(std::size_t rows, const View& in, Ragged& out, RowErrors& refused) const noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int32_t column = table_->column(table_->position(in, row));
      if (column >= 0 && !out.push_cell(static_cast<std::uint32_t>(column), 1.0)) {
        refused.mark(row, RowCode::kNoMemory);
      }
      out.end_row();
    }
  }

  bool sparse_;
  std::shared_ptr<const CodeTable> table_;
};
}  // namespace

extern const OpDef op_one_hot{.name = "one_hot", .version = 1, .load = OneHot::load};
}  // namespace bascule
