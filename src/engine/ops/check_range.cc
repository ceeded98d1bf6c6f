// check_range: the input itself; a row with a cell outside [low, high] is refused. NaN passes.
//
// With `open` the ends lie outside too.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/csr.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class CheckRange final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto type, spec.same_f64_or_csr());
    BASCULE_TRY(const auto low, spec.floats("low", type.width));
    BASCULE_TRY(const auto high, spec.floats("high", type.width));
    BASCULE_TRY(const auto open, spec.boolean("open", false));
    BASCULE_TRY(auto columns, spec.model_columns("columns", type.width));
    return std::make_unique<CheckRange>(low, high, open, std::move(columns));
  }

  CheckRange(std::span<const double> low, std::span<const double> high, bool open,
             std::vector<std::int32_t> columns)
      : low_(low), high_(high), open_(open), columns_(std::move(columns)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      map_stored(rows, in[0], out[0].ragged(), refused, [](std::uint32_t, double x) { return x; });
      for (std::size_t row = 0; row < rows; ++row) {
        for (auto at = in[0].starts()[row]; at < in[0].starts()[row + 1]; ++at) {
          check(in[0].csr_values()[at], row, in[0].csr_columns()[at], refused);
        }
      }
      return;
    }
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    std::copy_n(x, rows * width, out[0].f64());
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < width; ++col) {
        check(*x++, row, col, refused);
      }
    }
  }

 private:
  void check(double x, std::size_t row, std::size_t col, RowErrors& refused) const noexcept {
    const bool outside =
        open_ ? x <= low_[col] || x >= high_[col] : x < low_[col] || x > high_[col];
    if (outside) {
      refused.mark(row, RowCode::kOutOfRange, columns_.empty() ? -1 : columns_[col]);
    }
  }

  std::span<const double> low_;   // [width], borrowed from the package; may be infinite
  std::span<const double> high_;  // likewise
  bool open_;
  std::vector<std::int32_t> columns_;  // [width] or empty
};
}  // namespace

extern const OpDef op_check_range{.name = "check_range", .version = 1, .load = CheckRange::load};
}  // namespace bascule
