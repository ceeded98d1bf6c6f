// Parts: the blocks that stand side by side in a value.
//
// A part is read as it is, or it is a column of codes, each of which stands for cells that are
// known when the plan is loaded: an operator that reads parts then needs no block of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/codes.h"
#include "engine/view.h"

namespace bascule {

// What an operator gives for each code: the cells of one row.
struct CodeTable {
  std::size_t count = 0;  // of codes; the position `count` is of every other one
  std::size_t width = 1;
  // Either a single 1 and zeros: for each code its column, -1 when there is none.
  std::vector<std::int32_t> hot;
  std::int32_t other_hot = -1;
  // Or a number for each column, borrowed from the package or from `own`.
  std::span<const double> values;     // [count, width]
  std::span<const double> otherwise;  // [width]; empty for the first kind
  std::vector<double> own;

  bool is_hot() const noexcept { return otherwise.empty(); }
  std::size_t position(const View& codes, std::size_t row) const noexcept {
    return table_position(codes, row, count);
  }
  // Of the first kind.
  std::int32_t column(std::size_t position) const noexcept {
    return position < count ? hot[position] : other_hot;
  }
  // Of the second.
  std::span<const double> cells(std::size_t position) const noexcept {
    return position < count ? values.subspan(position * width, width) : otherwise;
  }
  // use(column, cell) for each cell of either kind, but for the zeros of the first.
  template <typename Use>
  void each(std::size_t position, Use use) const noexcept {
    if (!is_hot()) {
      const auto row = cells(position);
      for (std::size_t col = 0; col < width; ++col) {
        use(col, row[col]);
      }
    } else if (column(position) >= 0) {
      use(static_cast<std::size_t>(column(position)), 1.0);
    }
  }
};

struct Part {
  ValueType type;                                    // of what is read: f64, csr, or codes
  std::shared_ptr<const CodeTable> table = nullptr;  // of the codes

  std::size_t width() const noexcept { return table == nullptr ? type.width : table->width; }
};

// Copies dense blocks, `rows` rows from `first` on, side by side into y, whose rows are `width`
// apart.
void copy_blocks(std::size_t first, std::size_t rows, std::span<const View> in, std::size_t width,
                 double* y) noexcept;

}  // namespace bascule
