// Panels: points, laid out for the sums of panel_sums.h. Immutable, shared by threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/kernels/panel_sums.h"
#include "engine/trees/cpu_level.h"

namespace bascule {

// The kernels of a level that the processor has.
const PanelKernels& panel_kernels(CpuLevel level) noexcept;

class Panels {
 public:
  Panels() = default;
  // Copies `points` [count, width]; as much memory again, and up to seven points more.
  Panels(std::span<const double> points, std::size_t width, CpuLevel level = best_cpu_level());

  std::size_t count() const noexcept { return count_; }

  // y[row, i] = the sum for row `row` of x [rows, width] and point first + i, i < count.
  //   first  a multiple of kPanel
  //   end    done to each sum; its operands begin with that of point `first`
  void products(std::size_t rows, const double* x, std::size_t first, std::size_t count, double* y,
                const PanelEnd& end = {}) const noexcept {
    kernels_->products(rows, x, width_, panel(first), count, end, y);
  }
  void fused(std::size_t rows, const double* x, std::size_t first, std::size_t count,
             double* y) const noexcept {
    kernels_->fused(rows, x, width_, panel(first), count, {}, y);
  }
  void squares(std::size_t rows, const double* x, std::size_t first, std::size_t count,
               double* y) const noexcept {
    kernels_->squares(rows, x, width_, panel(first), count, {}, y);
  }
  void gaps(std::size_t rows, const double* x, std::size_t first, std::size_t count,
            double* y) const noexcept {
    kernels_->gaps(rows, x, width_, panel(first), count, {}, y);
  }

 private:
  const double* panel(std::size_t first) const noexcept {
    return cells_.data() + offset_ + first * width_;
  }

  const PanelKernels* kernels_ = nullptr;
  std::size_t count_ = 0;
  std::size_t width_ = 0;
  std::size_t offset_ = 0;     // to a line of the cache
  std::vector<double> cells_;  // [panels, width, kPanel]
};

}  // namespace bascule
