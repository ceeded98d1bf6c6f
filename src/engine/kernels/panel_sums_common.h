// The loops of panel_sums.h. Each kernel file includes this once and gets its own copy, compiled
// for its own processor: that is why the namespace has no name. `Level` is the file's struct:
//   Lanes, Answers          a register of doubles, and one of integers as wide
//   kRows, kPanels          the tile for many rows
//   kPanelsOfRow            how many panels one row meets at once
//   all(x)                  every lane x
//   fused(x, p, sum)        x * p + sum, rounded once
//   size(x)                 |x|
//   choose(when, a, b)      a where the answer is all ones, else b
#pragma once

#include "engine/kernels/panel_sums.h"
#include "engine/kernels/steps_common.h"

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

// sum = f(sum, operand), in every lane of a tile.
template <typename Level, std::size_t kRows, std::size_t kVectors, typename Change>
[[gnu::always_inline]] inline void change_tile(typename Level::Lanes (&sums)[kRows][kVectors],
                                               const double* operand, Change change) {
  using Lanes = typename Level::Lanes;
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) {
    const Lanes by =
        *reinterpret_cast<const Lanes*>(operand + v * (sizeof(Lanes) / sizeof(double)));
#pragma GCC unroll 16
    for (std::size_t row = 0; row < kRows; ++row) {
      sums[row][v] = change(sums[row][v], by);
    }
  }
}

template <typename Level, std::size_t kRows, std::size_t kVectors>
[[gnu::always_inline]] inline void end_tile(typename Level::Lanes (&sums)[kRows][kVectors],
                                            const PanelEnd& end, std::size_t first) {
  for (std::size_t i = 0; i < end.count; ++i) {
    const double* operand = end.steps[i].operand + first;
    with_step<Level>(end.steps[i].kind, [&](auto change) {
      change_tile<Level, kRows, kVectors>(sums, operand, change);
    });
  }
}

// `kRows` rows by `kVectors` registers of points from point `first` on, which may be more than
// there are.
template <typename Level, typename Term, std::size_t kRows, std::size_t kVectors>
[[gnu::always_inline]] inline void sum_tile(const double* x, std::size_t width,
                                            const double* panels, std::size_t first,
                                            std::size_t count, const PanelEnd& end, double* y) {
  using Lanes = typename Level::Lanes;
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);
  constexpr std::size_t kPoints = kVectors * kLanes;
  const double* cells = panels + first * width;
  Lanes sums[kRows][kVectors] = {};
  for (std::size_t col = 0; col < width; ++col) {
    Lanes points[kVectors];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t panel = v * kLanes / kPanel;
      points[v] = *reinterpret_cast<const Lanes*>(cells + (panel * width + col) * kPanel +
                                                  v * kLanes % kPanel);
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < kRows; ++row) {
      const Lanes cell = Level::all(x[row * width + col]);
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[row][v] = Term::add(sums[row][v], cell, points[v]);
      }
    }
  }
  end_tile<Level, kRows, kVectors>(sums, end, first);
  const std::size_t left = count - first;
  const bool full = left >= kPoints;
#pragma GCC unroll 16
  for (std::size_t row = 0; row < kRows; ++row) {
    double spilled[kPoints];
    double* target = full ? y + row * count + first : spilled;
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      *reinterpret_cast<Lanes*>(target + v * kLanes) = sums[row][v];
    }
    for (std::size_t i = 0; !full && i < left; ++i) {
      y[row * count + first + i] = spilled[i];
    }
  }
}

// The same for `rows`, a multiple of `kRows`.
template <typename Level, typename Term, std::size_t kRows, std::size_t kVectors>
[[gnu::always_inline]] inline void sum_tiles(std::size_t rows, const double* x, std::size_t width,
                                             const double* panels, std::size_t first,
                                             std::size_t count, const PanelEnd& end, double* y) {
  for (std::size_t row = 0; row < rows; row += kRows) {
    sum_tile<Level, Term, kRows, kVectors>(x + row * width, width, panels, first, count, end,
                                           y + row * count);
  }
}

// The panels from point `first` on for `kRows` rows at a time, `kPanels` panels at once while there
// are as many, then half as many, and so on; of a last panel with few points one register.
template <typename Level, typename Term, std::size_t kRows, std::size_t kPanels>
[[gnu::always_inline]] inline void sum_panels(std::size_t rows, const double* x, std::size_t width,
                                              const double* panels, std::size_t first,
                                              std::size_t count, const PanelEnd& end, double* y) {
  constexpr std::size_t kLanes = sizeof(typename Level::Lanes) / sizeof(double);
  // Panels outside, rows inside: a panel stays in the first cache for all rows.
  for (; first + (kPanels - 1) * kPanel + (kPanels == 1 ? kLanes : 0) < count;
       first += kPanels * kPanel) {
    sum_tiles<Level, Term, kRows, kPanels * kPanel / kLanes>(rows, x, width, panels, first, count,
                                                             end, y);
  }
  if constexpr (kPanels > 1) {
    sum_panels<Level, Term, kRows, kPanels / 2>(rows, x, width, panels, first, count, end, y);
  } else if (first < count) {
    // One sum waits for its last addition: twice as many rows fill the wait.
    const std::size_t paired = rows - rows % (2 * kRows);
    sum_tiles<Level, Term, 2 * kRows, 1>(paired, x, width, panels, first, count, end, y);
    sum_tiles<Level, Term, kRows, 1>(rows - paired, x + paired * width, width, panels, first, count,
                                     end, y + paired * count);
  }
}

template <typename Level, typename Term>
void panel_sums(std::size_t rows, const double* x, std::size_t width, const double* panels,
                std::size_t count, const PanelEnd& end, double* y) noexcept {
  const std::size_t tiled = rows - rows % Level::kRows;
  if (tiled > 0) {
    sum_panels<Level, Term, Level::kRows, Level::kPanels>(tiled, x, width, panels, 0, count, end,
                                                          y);
  }
  for (std::size_t row = tiled; row < rows; ++row) {
    sum_panels<Level, Term, 1, Level::kPanelsOfRow>(1, x + row * width, width, panels, 0, count,
                                                    end, y + row * count);
  }
}

template <typename Level>
constexpr PanelKernels panel_kernels_of() {
  return {panel_sums<Level, Product<Level>>, panel_sums<Level, Fused<Level>>,
          panel_sums<Level, Square<Level>>, panel_sums<Level, Gap<Level>>};
}

}  // namespace
}  // namespace bascule
