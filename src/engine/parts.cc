#include "engine/parts.h"

#include <algorithm>
#include <array>

namespace bascule {
namespace {
constexpr std::size_t kTogether = 8;  // a line of the cache

// How many of the first blocks, up to kTogether, are single columns.
std::size_t leading_columns(std::span<const View> in) noexcept {
  const std::size_t most = std::min(in.size(), kTogether);
  std::size_t count = 0;
  while (count < most && in[count].width() == 1) {
    ++count;
  }
  return count;
}

// Row by row, as a frame's columns would each touch every line of the block.
void copy_columns(std::size_t first, std::size_t rows, std::span<const View> in, std::size_t width,
                  double* y) noexcept {
  std::array<const double*, kTogether> x{};
  for (std::size_t i = 0; i < in.size(); ++i) {
    x[i] = in[i].f64() + first;
  }
  if (in.size() == kTogether) {
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      for (std::size_t i = 0; i < kTogether; ++i) {
        y[i] = x[i][row];
      }
    }
    return;
  }
  for (std::size_t row = 0; row < rows; ++row, y += width) {
    for (std::size_t i = 0; i < in.size(); ++i) {
      y[i] = x[i][row];
    }
  }
}

void copy_row(std::size_t row, std::span<const View> in, double* y) noexcept {
  for (const View& block : in) {
    const double* x = block.f64() + row * block.width();
    if (block.width() == 1) {
      *y++ = *x;
    } else {
      y = std::copy_n(x, block.width(), y);
    }
  }
}
}  // namespace

void copy_blocks(std::size_t first, std::size_t rows, std::span<const View> in, std::size_t width,
                 double* y) noexcept {
  if (rows == 1) {
    copy_row(first, in, y);
    return;
  }
  while (!in.empty()) {
    const std::size_t columns = leading_columns(in);
    if (columns > 0) {
      copy_columns(first, rows, in.first(columns), width, y);
      y += columns;
      in = in.subspan(columns);
      continue;
    }
    const View& block = in.front();
    const double* x = block.f64() + first * block.width();
    double* to = y;
    for (std::size_t row = 0; row < rows; ++row, x += block.width(), to += width) {
      std::copy_n(x, block.width(), to);
    }
    y += block.width();
    in = in.subspan(1);
  }
}

}  // namespace bascule
