// multiply: out = in * by, per column; of a sparse block the stored cells.

#include "engine/elementwise.h"
#include "engine/op.h"

namespace bascule {
namespace {
Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  return load_per_column_or_csr(spec, Elementwise::kMultiply);
}
}  // namespace

extern const OpDef op_multiply{.name = "multiply", .version = 1, .load = load};
}  // namespace bascule
