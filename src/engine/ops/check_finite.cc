// check_finite: the input itself; a row with a cell that scikit-learn refuses is refused.
//
// sklearn.utils.validation.check_array: NaN unless `missing`, infinity, and, where the estimator
// casts to float32, what becomes infinite by that.

#include <cmath>
#include <vector>

#include "engine/csr.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class CheckFinite final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto type, spec.same_f64_or_csr());
    BASCULE_TRY(const auto missing, spec.boolean("missing", false));
    BASCULE_TRY(const auto float32, spec.boolean("float32", false));
    BASCULE_TRY(auto columns, spec.model_columns("columns", type.width));
    return std::make_unique<CheckFinite>(missing, float32, std::move(columns));
  }

  CheckFinite(bool missing, bool float32, std::vector<std::int32_t> columns)
      : missing_(missing), float32_(float32), columns_(std::move(columns)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      return run_csr(rows, in[0], out[0], refused);
    }
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < width; ++col, ++x, ++y) {
        *y = *x;
        check(*x, row, col, refused);
      }
    }
  }

 private:
  void run_csr(std::size_t rows, const View& in, MutableView& out,
               RowErrors& refused) const noexcept {
    map_stored(rows, in, out.ragged(), refused, [](std::uint32_t, double x) { return x; });
    for (std::size_t row = 0; row < rows; ++row) {
      for (auto at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
        check(in.csr_values()[at], row, in.csr_columns()[at], refused);
      }
    }
  }

  void check(double x, std::size_t row, std::size_t col, RowErrors& refused) const noexcept {
    const bool fits = std::isfinite(x) && !(float32_ && std::isinf(static_cast<float>(x)));
    if (fits || (std::isnan(x) && missing_)) [[likely]] {
      return;
    }
    const auto code = std::isnan(x)   ? RowCode::kMissing
                      : std::isinf(x) ? RowCode::kInfinite
                                      : RowCode::kTooLarge;
    refused.mark(row, code, columns_.empty() ? -1 : columns_[col]);
  }

  bool missing_;
  bool float32_;
  std::vector<std::int32_t> columns_;  // [width] or empty
};
}  // namespace

extern const OpDef op_check_finite{.name = "check_finite", .version = 1, .load = CheckFinite::load};
}  // namespace bascule
