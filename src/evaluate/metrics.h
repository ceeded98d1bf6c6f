// The metrics of a report, by kind: each fills its lines of the table, with intervals.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "evaluate/jackknife.h"
#include "evaluate/report.h"

namespace bascule {

// A metric that is a ratio of sums over rows, of each of the two models.
struct RatioTerms {
  double production = 0;
  double production_of = 1;
  double candidate = 0;
  double candidate_of = 1;
};
struct RatioMetric {
  std::string name;
  std::string title;
  std::string when_empty;    // why there is none when it would divide by nothing
  bool needs_label = true;   // then rows count by weight; else all rows count, by number
  bool square_root = false;  // of the ratio
  std::function<RatioTerms(const CountedRow&)> terms;
};
Metric ratio_metric(const RatioMetric& metric, std::span<const CountedRow> rows);

// The groups that labelled rows (or all rows) fall into.
Jackknife jackknife_over(std::span<const CountedRow> rows, bool labelled_only);

// Fill metrics, flips and notes of `report`; for yes/no also positives and delong.
void add_yes_no_metrics(std::span<const CountedRow> rows, Report& report);
void add_class_metrics(std::span<const CountedRow> rows, Report& report);
void add_number_metrics(std::span<const CountedRow> rows, Report& report);

// Quantiles and means; nothing when there is no row.
std::optional<Shape> shape_of(std::span<const CountedRow> rows);

// The gates of the report's kind, from what stands in `report`.
void add_gates(Report& report);

}  // namespace bascule
