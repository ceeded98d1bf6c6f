// clip: out = in, but at least `low`, then at most `high`, per column; NaN stays.
//
// In this order, as numpy.clip: where low > high the result is high.

#include "engine/elementwise.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  BASCULE_TRY(const auto width, spec.same_width_f64());
  BASCULE_TRY(const auto low, spec.floats("low", width));
  BASCULE_TRY(const auto high, spec.floats("high", width));
  return elementwise_op(
      {ElementwiseStep{Elementwise::kAtLeast, low}, ElementwiseStep{Elementwise::kAtMost, high}});
}
}  // namespace

extern const OpDef op_clip{.name = "clip", .version = 1, .load = load};
}  // namespace bascule
