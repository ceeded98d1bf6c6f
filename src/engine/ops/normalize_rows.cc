// normalize_rows: each row divided by its norm (stored.h); a row whose norm is 0 stays.

#include <array>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/stored.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 3> kNames = {"l1", "l2", "max"};  // as RowNorm

class NormalizeRows final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto type, spec.same_f64_or_csr());
    BASCULE_TRY(const auto chosen, spec.choice("norm", kNames));
    const auto norm = static_cast<RowNorm>(chosen);
    if (type.kind == ValueKind::kCsr) {
      return stored_op({norm});
    }
    return std::make_unique<NormalizeRows>(norm);
  }

  explicit NormalizeRows(RowNorm norm) : norm_(norm) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double norm = norm_of(norm_, std::span(x, width));
      for (std::size_t col = 0; col < width; ++col) {
        y[col] = norm == 0 ? x[col] : x[col] / norm;
      }
    }
  }

 private:
  RowNorm norm_;
};
}  // namespace

extern const OpDef op_normalize_rows{
    .name = "normalize_rows", .version = 1, .load = NormalizeRows::load};
}  // namespace bascule
