// What is refused before the first operator runs: a missing value in a column that is not nullable,
// and a text that is too long.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/row_errors.h"
#include "engine/view.h"

namespace bascule {
struct CellKernels;  // engine/kernels/cells.h

// Marks rows of one input column, at position `column` of the manifest.
void check_input(const View& view, bool nullable, std::size_t rows, std::int32_t column,
                 const CellKernels& cells, RowErrors& refused) noexcept;

}  // namespace bascule
