// check_finite: the input itself; a row with a cell that scikit-learn refuses is refused.
//
// sklearn.utils.validation.check_array: NaN unless `missing`, infinity, and, where the estimator
// casts to float32, what becomes infinite by that.

#include <memory>
#include <utility>

#include "engine/csr.h"
#include "engine/elementwise.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class CheckStored final : public Op {
 public:
  explicit CheckStored(FiniteCheck check) : check_(std::move(check)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const View& x = in[0];
    map_stored(rows, x, out[0].ragged(), refused, [](std::uint32_t, double cell) { return cell; });
    for (std::size_t row = 0; row < rows; ++row) {
      for (auto at = x.starts()[row]; at < x.starts()[row + 1]; ++at) {
        check_.check(x.csr_values()[at], row, x.csr_columns()[at], refused);
      }
    }
  }

 private:
  FiniteCheck check_;
};

Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  BASCULE_TRY(const auto type, spec.same_f64_or_csr());
  FiniteCheck check;
  BASCULE_TRY(check.missing, spec.boolean("missing", false));
  BASCULE_TRY(check.float32, spec.boolean("float32", false));
  BASCULE_TRY(check.columns, spec.model_columns("columns", type.width));
  if (type.kind == ValueKind::kCsr) {
    return std::make_unique<CheckStored>(std::move(check));
  }
  auto shared = std::make_shared<const FiniteCheck>(std::move(check));
  return elementwise_op({ElementwiseStep{Elementwise::kCheck, {}, std::move(shared)}});
}
}  // namespace

extern const OpDef op_check_finite{.name = "check_finite", .version = 1, .load = load};
}  // namespace bascule
