// Scores as an Arrow struct array.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capi/bascule.h"

namespace bascule::capi {

// One output over all rows of a batch; one of the vectors is used.
struct OutputColumn {
  std::string name;
  std::size_t width = 1;
  bool integers = false;
  std::vector<double> f64;        // [rows, width]
  std::vector<std::int64_t> i64;  // [rows, width]
};

struct OutputBatch {
  std::size_t rows = 0;
  std::vector<OutputColumn> columns;
  std::vector<std::uint8_t> valid;  // bits per row, 0 where the row is refused
  std::size_t null_count = 0;
};

// Moves the batch into `schema` and `array`, which own it until they are released.
void export_batch(OutputBatch batch, ArrowSchema& schema, ArrowArray& array);

}  // namespace bascule::capi
