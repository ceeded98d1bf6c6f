// divide: out = in / by, per column; of a sparse block the stored cells.
//
// A true division. scikit-learn's scalers divide, and a multiplication by 1/by is faster but
// gives other last bits.

#include "engine/elementwise.h"
#include "engine/op.h"

namespace bascule {
namespace {
Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  return load_per_column_or_csr(spec, Elementwise::kDivide);
}
}  // namespace

extern const OpDef op_divide{.name = "divide", .version = 1, .load = load};
}  // namespace bascule
