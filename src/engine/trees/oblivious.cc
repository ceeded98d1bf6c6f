// The kernel for symmetric trees; oblivious_data.h tells the idea.

#include <utility>

#include "base/assert.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/trees/kernel.h"
#include "engine/trees/oblivious_layout.h"

namespace bascule {
namespace {
ObliviousKernel kernel_of(CpuLevel level) {
  BASCULE_ASSERT(cpu_has(level));
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::kAvx512:
      return oblivious_avx512;
    case CpuLevel::kAvx2:
      return oblivious_avx2;
    case CpuLevel::kBaseline:
      break;
  }
#endif
  return oblivious_baseline;
}

class Oblivious final : public TreeKernel {
 public:
  Oblivious(ObliviousLayout layout, CpuLevel level)
      : layout_(std::move(layout)), kernel_(kernel_of(level)) {}

  std::string_view name() const noexcept override { return "oblivious"; }
  std::size_t bytes() const noexcept override { return layout_.bytes(); }

  void score(std::size_t rows, const double* x, const double* start, double* out,
             RowErrors& refused, Scratch& scratch) const noexcept override {
    const ObliviousData& data = layout_.data();
    const LaneRoom room = lane_room(data, data.conditions * kTreeLanes + 256, scratch);
    if (room.answers == nullptr) {
      for (std::size_t row = 0; row < rows; ++row) {
        refused.mark(row, RowCode::kNoMemory);
      }
      return;
    }
    kernel_(data, rows, x, start, out, room);
  }

 private:
  ObliviousLayout layout_;
  ObliviousKernel kernel_;
};
}  // namespace

std::unique_ptr<TreeKernel> oblivious_kernel(const Ensemble& ensemble, CpuLevel level) {
  auto layout = ObliviousLayout::build(ensemble);
  if (!layout.has_value()) {
    return nullptr;
  }
  return std::make_unique<Oblivious>(*std::move(layout), level);
}

}  // namespace bascule
