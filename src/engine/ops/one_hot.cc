// one_hot: 1 in the column of the row's code, 0 elsewhere; nothing for a code without a column.

#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "engine/codes.h"
#include "engine/op.h"
#include "engine/op_spec.h"
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
    return std::make_unique<OneHot>(sparse,
                                    std::vector<std::int32_t>(position.begin(), position.end()));
  }

  OneHot(bool sparse, std::vector<std::int32_t> position)
      : sparse_(sparse), position_(std::move(position)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (sparse_) {
      return run_csr(rows, in[0], out[0].ragged(), refused);
    }
    const std::size_t width = out[0].width();
    double* y = out[0].f64();
    std::fill_n(y, rows * width, 0.0);
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      const std::int32_t column = column_of(in[0], row);
      if (column >= 0) {
        y[column] = 1;
      }
    }
  }

 private:
  void run_csr(std::size_t rows, const View& in, Ragged& out, RowErrors& refused) const noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int32_t column = column_of(in, row);
      if (column >= 0 && !out.push_cell(static_cast<std::uint32_t>(column), 1.0)) {
        refused.mark(row, RowCode::kNoMemory);
      }
      out.end_row();
    }
  }

  std::int32_t column_of(const View& codes, std::size_t row) const noexcept {
    const std::size_t at = table_position(codes, row, position_.size());
    return at < position_.size() ? position_[at] : -1;
  }

  bool sparse_;
  std::vector<std::int32_t> position_;  // per code a column or -1
};
}  // namespace

extern const OpDef op_one_hot{.name = "one_hot", .version = 1, .load = OneHot::load};
}  // namespace bascule
