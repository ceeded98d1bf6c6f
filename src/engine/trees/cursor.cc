// The kernel for trees of at most 256 leaves; cursor_data.h tells the idea.

#include <utility>

#include "base/assert.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/trees/cursor_layout.h"
#include "engine/trees/kernel.h"

namespace bascule {
namespace {
CursorKernel kernel_of(CpuLevel level) {
  BASCULE_ASSERT(cpu_has(level));
#if defined(__x86_64__)
  switch (level) {
    case CpuLevel::kAvx512:
      return cursor_avx512;
    case CpuLevel::kAvx2:
      return cursor_avx2;
    case CpuLevel::kBaseline:
      break;
  }
#endif
  return cursor_baseline;
}

class Cursor final : public TreeKernel {
 public:
  Cursor(CursorLayout layout, CpuLevel level)
      : layout_(std::move(layout)), kernel_(kernel_of(level)) {}

  std::string_view name() const noexcept override { return "cursor"; }
  std::size_t bytes() const noexcept override { return layout_.bytes(); }

  void score(std::size_t rows, const double* x, const double* start, double* out,
             RowErrors& refused, Scratch& scratch) const noexcept override {
    const CursorData& data = layout_.data();
    const LaneRoom room = lane_room(data, data.columns * kTreeLanes + kCursorGroupColumns, scratch);
    if (room.answers == nullptr) {
      for (std::size_t row = 0; row < rows; ++row) {
        refused.mark(row, RowCode::kNoMemory);
      }
      return;
    }
    kernel_(data, rows, x, start, out, room);
  }

 private:
  CursorLayout layout_;
  CursorKernel kernel_;
};
}  // namespace

std::unique_ptr<TreeKernel> cursor_kernel(const Ensemble& ensemble, CpuLevel level) {
  auto layout = CursorLayout::build(ensemble);
  if (!layout.has_value()) {
    return nullptr;
  }
  return std::make_unique<Cursor>(*std::move(layout), level);
}

}  // namespace bascule
