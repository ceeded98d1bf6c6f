// What is refused before the first operator runs: a missing value in a column that is not nullable,
// and a text that is too long.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "engine/row_errors.h"
#include "engine/view.h"

namespace bascule {
struct CellKernels;  // engine/kernels/cells.h

// Any column and any number of rows.
void check_input_block(const View& view, bool nullable, std::size_t rows, std::int32_t column,
                       const CellKernels& cells, RowErrors& refused) noexcept;

// Marks rows of one input column, at position `column` of the manifest. A single number is looked
// at in place: a service's batch is mostly one row of many of them.
inline void check_input(const View& view, bool nullable, std::size_t rows, std::int32_t column,
                        const CellKernels& cells, RowErrors& refused) noexcept {
  if (rows > 1 || view.kind() != ValueKind::kF64 || view.width() > 1) {
    check_input_block(view, nullable, rows, column, cells, refused);
  } else if (!nullable && std::isnan(*view.f64())) {
    refused.mark(0, RowCode::kMissing, column);
  }
}

}  // namespace bascule
