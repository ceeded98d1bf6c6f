// fill_missing: NaN becomes `value`, per column.

#include "engine/elementwise.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  BASCULE_TRY(const auto width, spec.same_width_f64());
  BASCULE_TRY(const auto value, spec.floats("value", width));
  return elementwise_op({ElementwiseStep{Elementwise::kFillMissing, value}});
}
}  // namespace

extern const OpDef op_fill_missing{.name = "fill_missing", .version = 1, .load = load};
}  // namespace bascule
