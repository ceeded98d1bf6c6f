// check_finite: the input itself; a row with a cell that scikit-learn refuses is refused.
//
// sklearn.utils.validation.check_array: NaN unless `missing`, infinity, and, where the estimator
// casts to float32, what becomes infinite by that.

#include <memory>
#include <utility>

#include "engine/elementwise.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/stored.h"

namespace bascule {
namespace {
Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  BASCULE_TRY(const auto type, spec.same_f64_or_csr());
  FiniteCheck check;
  BASCULE_TRY(check.missing, spec.boolean("missing", false));
  BASCULE_TRY(check.float32, spec.boolean("float32", false));
  BASCULE_TRY(check.columns, spec.model_columns("columns", type.width));
  auto shared = std::make_shared<const FiniteCheck>(std::move(check));
  ElementwiseStep step{Elementwise::kCheck, {}, std::move(shared)};
  if (type.kind == ValueKind::kCsr) {
    return stored_op({std::move(step)});
  }
  return elementwise_op({std::move(step)});
}
}  // namespace

extern const OpDef op_check_finite{.name = "check_finite", .version = 1, .load = load};
}  // namespace bascule
