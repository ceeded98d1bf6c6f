// Columns in order for any processor: four lanes.

#include "engine/kernels/order_common.h"

namespace bascule {
namespace {
typedef std::int32_t Lanes __attribute__((vector_size(16), aligned(4), may_alias));
}  // namespace

extern const OrderKernels kOrderKernelsBaseline = {distinct<Lanes>};
}  // namespace bascule
