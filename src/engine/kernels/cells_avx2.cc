// Per-cell arithmetic for AVX2: four lanes.

#include "engine/kernels/cells_four_lanes.h"

namespace bascule {
extern const CellKernels kCellKernelsAvx2 = {chain<FourLanes>, any_nan<FourLanes>, sums<FourLanes>};
}  // namespace bascule
