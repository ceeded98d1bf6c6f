#include "evaluate/rows.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/assert.h"
#include "base/limits.h"

namespace bascule {
namespace {

bool usable_label(double label, ReportKind kind) {
  return kind == ReportKind::kYesNo ? label == 0 || label == 1 : std::isfinite(label);
}

auto identity(const CountedRow& row) {
  return std::tie(row.production, row.candidate, row.label, row.weight, row.group, row.amount);
}

void check_and_normalise(CountedRow& row) {
  BASCULE_DASSERT(row.group < limits::kReportGroups);
  BASCULE_DASSERT(std::isfinite(row.weight) && row.weight > 0 && row.count > 0);
  row.production += 0.0;  // -0 is 0
  row.candidate += 0.0;
  if (row.label) {
    *row.label += 0.0;
  }
  row.amount = std::isfinite(row.amount) ? row.amount + 0.0 : 0;
}

}  // namespace

OrderedRows ordered(std::vector<CountedRow> rows, ReportKind kind) {
  OrderedRows out;
  std::erase_if(rows, [&](const CountedRow& row) {
    const bool bad = !std::isfinite(row.production) || !std::isfinite(row.candidate);
    out.scores_not_finite += bad ? row.count : 0;
    return bad;
  });
  for (auto& row : rows) {
    if (row.label && !usable_label(*row.label, kind)) {
      row.label.reset();
      out.labels_not_usable += row.count;
    }
    check_and_normalise(row);
  }
  std::sort(rows.begin(), rows.end(),
            [](const CountedRow& a, const CountedRow& b) { return identity(a) < identity(b); });
  for (const auto& row : rows) {
    if (!out.rows.empty() && identity(out.rows.back()) == identity(row)) {
      out.rows.back().count += row.count;
    } else {
      out.rows.push_back(row);
    }
  }
  return out;
}

}  // namespace bascule
