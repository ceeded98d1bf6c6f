// The metrics of a yes/no question.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/metrics.h"
#include "evaluate/roc.h"
#include "evaluate/statistics.h"

namespace bascule {
namespace {

RocRows labelled_columns(std::span<const CountedRow> rows) {
  RocRows out;
  for (const auto& row : rows) {
    if (row.label) {
      out.add(row);
    }
  }
  return out;
}

// Why there is no ROC curve worth a number; empty when there is.
std::string roc_obstacle(const Report& report) {
  const auto negatives = report.labelled - report.positives;
  if (report.labelled == 0) {
    return "no row has a label";
  }
  if (report.positives < 2 || negatives < 2) {
    return fmt::format("it needs two positive and two negative rows; there are {} and {}",
                       report.positives, negatives);
  }
  return {};
}

void add_auc(std::span<const CountedRow> rows, Report& report) {
  Metric auc;
  auc.name = "auc";
  auc.title = "ROC AUC";
  auc.why_not = roc_obstacle(report);
  if (auc.why_not.empty()) {
    const auto columns = labelled_columns(rows);
    const auto production = place(columns.production, columns.positive, columns.mass);
    const auto candidate = place(columns.candidate, columns.positive, columns.mass);
    report.delong = delong(columns, production, candidate);
    auc.production = report.delong->production;
    auc.candidate = report.delong->candidate;
    auc.difference = report.delong->difference;
    const auto a = auc_without_groups(columns, columns.production, production);
    const auto b = auc_without_groups(columns, columns.candidate, candidate);
    auc.interval = jackknife_over(rows, true)
                       .interval(
                           *auc.difference,
                           [&](std::size_t g) { return std::optional(b[g] - a[g]); }, auc.why_not);
  }
  report.metrics.push_back(std::move(auc));
}

void add_probability_metrics(std::span<const CountedRow> rows, Report& report) {
  const auto probability = [](double p) { return p >= 0 && p <= 1; };
  if (!std::ranges::all_of(rows, [&](const CountedRow& row) {
        return probability(row.production) && probability(row.candidate);
      })) {
    report.notes.push_back(
        "Some scores lie outside 0 to 1, so they are no probabilities: no Brier score and no log "
        "loss.");
    return;
  }
  report.metrics.push_back(ratio_metric({.name = "brier",
                                         .title = "Brier score",
                                         .when_empty = "no row has a label",
                                         .terms =
                                             [](const CountedRow& row) {
                                               const double a = row.production - *row.label;
                                               const double b = row.candidate - *row.label;
                                               return RatioTerms{.production = a * a,
                                                                 .candidate = b * b};
                                             }},
                                        rows));
  report.metrics.push_back(
      ratio_metric({.name = "log_loss",
                    .title = "log loss",
                    .when_empty = "no row has a label",
                    .terms =
                        [](const CountedRow& row) {
                          return RatioTerms{.production = log_loss(row.production, *row.label == 1),
                                            .candidate = log_loss(row.candidate, *row.label == 1)};
                        }},
                   rows));
}

void add_threshold_metrics(std::span<const CountedRow> rows, double threshold, Report& report) {
  const auto flag = [threshold](double score) { return score >= threshold ? 1.0 : 0.0; };
  report.metrics.push_back(
      ratio_metric({.name = "precision",
                    .title = fmt::format("precision at {}", threshold),
                    .when_empty = "one of the two flags no labelled row",
                    .terms =
                        [flag](const CountedRow& row) {
                          return RatioTerms{flag(row.production) * *row.label, flag(row.production),
                                            flag(row.candidate) * *row.label, flag(row.candidate)};
                        }},
                   rows));
  report.metrics.push_back(ratio_metric({.name = "recall",
                                         .title = fmt::format("recall at {}", threshold),
                                         .when_empty = "no labelled row is positive",
                                         .terms =
                                             [flag](const CountedRow& row) {
                                               return RatioTerms{
                                                   flag(row.production) * *row.label, *row.label,
                                                   flag(row.candidate) * *row.label, *row.label};
                                             }},
                                        rows));
  report.metrics.push_back(
      ratio_metric({.name = "flag_rate",
                    .title = fmt::format("share '{}', all rows", report.policy.actions[1]),
                    .when_empty = "no row was compared",
                    .needs_label = false,
                    .terms =
                        [flag](const CountedRow& row) {
                          return RatioTerms{.production = flag(row.production),
                                            .candidate = flag(row.candidate)};
                        }},
                   rows));
}

void add_to(FlipCount& flips, const CountedRow& row) {
  auto& count = !row.label ? flips.unknown : *row.label == 1 ? flips.positive : flips.negative;
  count += row.count;
  flips.amount += row.amount * static_cast<double>(row.count);
}

Flips flips_at(double threshold, std::span<const CountedRow> rows) {
  Flips out;
  for (const auto& row : rows) {
    const bool before = row.production >= threshold;
    const bool after = row.candidate >= threshold;
    if (before == after) {
      out.same += row.count;
      continue;
    }
    add_to(after ? out.up : out.down, row);
    if (row.label) {
      const bool candidate_right = after == (*row.label == 1);
      (candidate_right ? out.candidate_right : out.production_right) += row.count;
    }
  }
  const auto test = mcnemar(out.candidate_right, out.production_right);
  out.p = test.p;
  out.exact = test.exact;
  return out;
}

}  // namespace

void add_yes_no_metrics(std::span<const CountedRow> rows, Report& report) {
  double mass = 0;
  double squares = 0;
  for (const auto& row : rows) {
    if (row.label && *row.label == 1) {
      const auto count = static_cast<double>(row.count);
      report.positives += row.count;
      mass += count * row.weight;
      squares += count * row.weight * row.weight;
    }
  }
  report.effective_positives = squares > 0 ? mass * mass / squares : 0;
  add_auc(rows, report);
  add_probability_metrics(rows, report);
  if (report.policy.threshold) {
    add_threshold_metrics(rows, *report.policy.threshold, report);
    report.flips = flips_at(*report.policy.threshold, rows);
  } else {
    report.notes.push_back(
        "The policy has no threshold, so nothing is said about decisions: no precision, recall or "
        "flips.");
  }
}

}  // namespace bascule
