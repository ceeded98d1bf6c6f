// Columns in order for AVX2: eight lanes.

#include "engine/kernels/order_common.h"

namespace bascule {
namespace {
typedef std::int32_t Lanes __attribute__((vector_size(32), aligned(4), may_alias));
}  // namespace

extern const OrderKernels kOrderKernelsAvx2 = {distinct<Lanes>};
}  // namespace bascule
