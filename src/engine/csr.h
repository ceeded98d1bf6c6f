// Loops over sparse blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/view.h"

namespace bascule {

// out = f(column, x) for every stored cell of `in`; the pattern of cells stays.
template <typename Cell>
void map_stored(std::size_t rows, const View& in, Ragged& out, RowErrors& refused,
                Cell cell) noexcept {
  out.begin();
  for (std::size_t row = 0; row < rows; ++row) {
    for (auto at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
      const auto column = in.csr_columns()[at];
      if (out.push_cell(column, cell(column, in.csr_values()[at]))) {
        continue;
      }
      refused.mark(row, RowCode::kNoMemory);
      out.drop_row();
      break;
    }
    out.end_row();
  }
}

}  // namespace bascule
