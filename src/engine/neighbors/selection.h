// The k smallest of a stream of numbers, kept and sorted as scikit-learn does it.
//
// Which of two equal numbers stays, and which comes first, depends on its heap and on its sort, so
// both are the same here. Source: sklearn/utils/_heap.pyx and _sorting.pyx.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bascule {

// A max-heap of fixed size in two arrays that somebody else owns.
struct Nearest {
  double* values = nullptr;          // [size]
  std::uint32_t* indices = nullptr;  // [size]
  std::size_t size = 0;

  // Forgets all: `size` times (value, 0).
  void clear(double value) noexcept;
  double largest() const noexcept { return values[0]; }
  // Takes the place of the largest, unless it is not smaller.
  void push(double value, std::uint32_t index) noexcept;
  // From the smallest; then it is no heap any more.
  void sort() noexcept;
};

}  // namespace bascule
