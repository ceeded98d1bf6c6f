#include "evaluate/report.h"

#include <algorithm>

#include "base/assert.h"
#include "evaluate/metrics.h"
#include "evaluate/rows.h"

namespace bascule {
namespace {

void add_exclusion(std::vector<Exclusion>& list, std::string reason, std::string sentence,
                   std::uint64_t rows) {
  if (rows > 0) {
    list.push_back({std::move(reason), std::move(sentence), rows});
  }
}

void count_rows(std::span<const CountedRow> rows, Report& report) {
  double mass = 0;
  double squares = 0;
  for (const auto& row : rows) {
    report.rows += row.count;
    if (row.label) {
      const auto count = static_cast<double>(row.count);
      report.labelled += row.count;
      mass += count * row.weight;
      squares += count * row.weight * row.weight;
    }
  }
  report.effective_labelled = squares > 0 ? mass * mass / squares : 0;
  if (report.context.production_rows > 0) {
    report.coverage =
        static_cast<double>(report.rows) / static_cast<double>(report.context.production_rows);
  }
  report.groups = jackknife_over(rows, true).groups();
}

void add_notes_on_traffic(std::span<const CountedRow> rows, Report& report) {
  if (std::ranges::any_of(rows, [](const CountedRow& row) { return row.weight != 1; })) {
    report.notes.push_back(
        "Labelled rows are weighted by 1 / (propensity x sampling), so that rows which were let "
        "through by exploration stand for those that were not.");
  }
  if (std::ranges::any_of(report.context.not_labelled, [](const Exclusion& exclusion) {
        return exclusion.reason == "blocked" && exclusion.rows > 0;
      })) {
    report.notes.push_back(
        "Rows that were blocked have no label: unless some were let through by exploration, the "
        "labelled metrics speak for allowed traffic only.");
  }
}

}  // namespace

Report make_report(std::vector<CountedRow> unordered, const Policy& policy, ReportContext context) {
  BASCULE_ASSERT(validate(policy));
  Report report;
  report.policy = policy;
  report.context = std::move(context);
  const auto kind = report.context.kind;
  const auto input = ordered(std::move(unordered), kind);
  const std::span<const CountedRow> rows = input.rows;
  add_exclusion(report.context.not_compared, "score_not_finite",
                "one of the two scores is not a finite number", input.scores_not_finite);
  add_exclusion(report.context.not_labelled, "label_not_usable",
                kind == ReportKind::kYesNo ? "the label is neither 0 nor 1"
                                           : "the label is not a finite number",
                input.labels_not_usable);
  count_rows(rows, report);
  switch (kind) {
    case ReportKind::kYesNo:
      add_yes_no_metrics(rows, report);
      break;
    case ReportKind::kClasses:
      add_class_metrics(rows, report);
      break;
    case ReportKind::kNumber:
      add_number_metrics(rows, report);
      break;
    case ReportKind::kShape:
      report.notes.push_back(
          "This build has no metric for models of this kind: it compares the shapes of the scores "
          "and cannot say which of the two is better.");
      break;
  }
  if (kind != ReportKind::kClasses) {
    report.shape = shape_of(rows);
  }
  add_notes_on_traffic(rows, report);
  add_gates(report);
  return report;
}

}  // namespace bascule
