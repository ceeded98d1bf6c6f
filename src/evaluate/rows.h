// Counted rows in one order: the step that makes a report independent of how its rows came.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/report.h"

namespace bascule {

struct OrderedRows {
  std::vector<CountedRow> rows;         // sorted, equal rows merged into one count
  std::uint64_t scores_not_finite = 0;  // left out
  std::uint64_t labels_not_usable = 0;  // kept, without their label
};

// Rows whose score is no finite number are left out. A label that is not finite (for yes/no: is
// neither 0 nor 1) is taken off its row. -0 becomes 0.
OrderedRows ordered(std::vector<CountedRow> rows, ReportKind kind);

}  // namespace bascule
