// The loops of panel_sums.h. Each kernel file includes this once and gets its own copy, compiled
// for its own processor: that is why the namespace has no name. `Level` is the file's struct:
//   Lanes                   a register of doubles
//   kRows, kPanels          the tile for many rows; their sums fill half of the registers
//   kPanelsOfRow            the same for one row
//   all(x)                  every lane x
//   fused(x, p, sum)        x * p + sum, rounded once
//   size(x)                 |x|
#pragma once

#include "engine/kernels/panel_sums.h"

namespace bascule {
namespace {

template <typename Level>
struct Product {
  using Lanes = typename Level::Lanes;
  static Lanes add(Lanes sum, Lanes x, Lanes p) { return sum + x * p; }
};
template <typename Level>
struct Fused {
  using Lanes = typename Level::Lanes;
  static Lanes add(Lanes sum, Lanes x, Lanes p) { return Level::fused(x, p, sum); }
};
template <typename Level>
struct Square {
  using Lanes = typename Level::Lanes;
  static Lanes add(Lanes sum, Lanes x, Lanes p) {
    const Lanes gap = x - p;
    return sum + gap * gap;
  }
};
template <typename Level>
struct Gap {
  using Lanes = typename Level::Lanes;
  static Lanes add(Lanes sum, Lanes x, Lanes p) { return sum + Level::size(x - p); }
};

// `kRows` rows by `kPanels` panels, of which the last has `last` points.
template <typename Level, typename Term, std::size_t kRows, std::size_t kPanels>
[[gnu::always_inline]] inline void sum_tile(const double* x, std::size_t width,
                                            const double* panels, double* y, std::size_t stride,
                                            std::size_t last) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  constexpr std::size_t kVectors = kPanels * kPanel / kLanes;
  Lanes sums[kRows][kVectors] = {};
  for (std::size_t col = 0; col < width; ++col) {
    Lanes points[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t panel = v * kLanes / kPanel;
      points[v] = *reinterpret_cast<const Lanes*>(panels + (panel * width + col) * kPanel +
                                                  v * kLanes % kPanel);
    }
#pragma GCC unroll 8
    for (std::size_t row = 0; row < kRows; ++row) {
      const Lanes cell = Level::all(x[row * width + col]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[row][v] = Term::add(sums[row][v], cell, points[v]);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t row = 0; row < kRows; ++row) {
    double spilled[kPanels * kPanel];
    const bool full = last == kPanel;
    double* target = full ? y + row * stride : spilled;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      *reinterpret_cast<Lanes*>(target + v * kLanes) = sums[row][v];
    }
    for (std::size_t i = 0; !full && i < (kPanels - 1) * kPanel + last; ++i) {
      y[row * stride + i] = spilled[i];
    }
  }
}

// Panels outside, rows inside: a panel stays in the first cache for all rows.
template <typename Level, typename Term>
void panel_sums(std::size_t rows, const double* x, std::size_t width, const double* panels,
                std::size_t count, double* y) noexcept {
  for (std::size_t first = 0; first < count;) {
    const std::size_t left = (count - first + kPanel - 1) / kPanel;
    const std::size_t tile = rows == 1 ? Level::kPanelsOfRow : Level::kPanels;
    const std::size_t wide = left >= tile ? tile : 1;
    const std::size_t end = first + wide * kPanel;
    const std::size_t last = end > count ? count - (end - kPanel) : kPanel;
    const double* panel = panels + first * width;
    std::size_t row = 0;
    if (rows == 1 && wide > 1) {
      sum_tile<Level, Term, 1, Level::kPanelsOfRow>(x, width, panel, y + first, count, last);
      row = 1;
    }
    for (; row + Level::kRows <= rows; row += Level::kRows) {
      double* target = y + row * count + first;
      if (wide > 1) {
        sum_tile<Level, Term, Level::kRows, Level::kPanels>(x + row * width, width, panel, target,
                                                            count, last);
      } else {
        sum_tile<Level, Term, Level::kRows, 1>(x + row * width, width, panel, target, count, last);
      }
    }
    for (; row < rows; ++row) {
      double* target = y + row * count + first;
      if (wide > 1) {
        sum_tile<Level, Term, 1, Level::kPanels>(x + row * width, width, panel, target, count,
                                                 last);
      } else {
        sum_tile<Level, Term, 1, 1>(x + row * width, width, panel, target, count, last);
      }
    }
    first = end;
  }
}

template <typename Level>
constexpr PanelKernels panel_kernels_of() {
  return {panel_sums<Level, Product<Level>>, panel_sums<Level, Fused<Level>>,
          panel_sums<Level, Square<Level>>, panel_sums<Level, Gap<Level>>};
}

}  // namespace
}  // namespace bascule
