// add: out = in + by, per column.

#include "engine/elementwise.h"
#include "engine/op.h"

namespace bascule {
namespace {
Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  return load_per_column(spec, Elementwise::kAdd);
}
}  // namespace

extern const OpDef op_add{.name = "add", .version = 1, .load = load};
}  // namespace bascule
