#include "evaluate/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "evaluate/statistics.h"

namespace bascule {
namespace {

using GroupSums = std::array<RatioTerms, limits::kReportGroups>;

// The sum over all groups but one; `left_out` beyond the last: over all. Summed anew and not
// subtracted, so that nothing left over stands for an empty group.
RatioTerms sum_without(const GroupSums& groups, std::size_t left_out) {
  RatioTerms sum{0, 0, 0, 0};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (g != left_out) {
      sum.production += groups[g].production;
      sum.production_of += groups[g].production_of;
      sum.candidate += groups[g].candidate;
      sum.candidate_of += groups[g].candidate_of;
    }
  }
  return sum;
}

std::optional<double> ratio(double part, double of, bool square_root) {
  if (!(of > 0)) {
    return std::nullopt;
  }
  return square_root ? std::sqrt(part / of) : part / of;
}

}  // namespace

Jackknife jackknife_over(std::span<const CountedRow> rows, bool labelled_only) {
  Jackknife::Occupied occupied{};
  for (const auto& row : rows) {
    if (row.label || !labelled_only) {
      occupied[row.group] = true;
    }
  }
  return Jackknife(occupied);
}

Metric ratio_metric(const RatioMetric& metric, std::span<const CountedRow> rows) {
  GroupSums groups;
  groups.fill({0, 0, 0, 0});
  for (const auto& row : rows) {
    if (metric.needs_label && !row.label) {
      continue;
    }
    const double mass = static_cast<double>(row.count) * (metric.needs_label ? row.weight : 1);
    const auto terms = metric.terms(row);
    auto& sum = groups[row.group];
    sum.production += mass * terms.production;
    sum.production_of += mass * terms.production_of;
    sum.candidate += mass * terms.candidate;
    sum.candidate_of += mass * terms.candidate_of;
  }
  Metric out;
  out.name = metric.name;
  out.title = metric.title;
  const auto difference_without = [&](std::size_t left_out) -> std::optional<double> {
    const auto sum = sum_without(groups, left_out);
    const auto a = ratio(sum.production, sum.production_of, metric.square_root);
    const auto b = ratio(sum.candidate, sum.candidate_of, metric.square_root);
    return a && b ? std::optional(*b - *a) : std::nullopt;
  };
  const auto all = sum_without(groups, groups.size());
  out.production = ratio(all.production, all.production_of, metric.square_root);
  out.candidate = ratio(all.candidate, all.candidate_of, metric.square_root);
  out.difference = difference_without(groups.size());
  if (!out.difference) {
    out.why_not = metric.when_empty;
    return out;
  }
  out.interval = jackknife_over(rows, metric.needs_label)
                     .interval(*out.difference, difference_without, out.why_not);
  return out;
}

namespace {

// The smallest score with at least the share `level` of the rows at or below it.
std::array<double, Shape::kLevels.size()> quantiles(
    std::vector<std::pair<double, std::uint64_t>> scores, std::uint64_t total) {
  std::sort(scores.begin(), scores.end());
  std::array<double, Shape::kLevels.size()> out{};
  std::size_t level = 0;
  std::uint64_t below = 0;
  for (const auto& [score, count] : scores) {
    below += count;
    while (level < out.size() &&
           static_cast<double>(below) >= Shape::kLevels[level] * static_cast<double>(total)) {
      out[level++] = score;
    }
  }
  return out;
}

}  // namespace

std::optional<Shape> shape_of(std::span<const CountedRow> rows) {
  if (rows.empty()) {
    return std::nullopt;
  }
  Shape out;
  std::uint64_t total = 0;
  double production_sum = 0;
  double candidate_sum = 0;
  std::vector<std::pair<double, std::uint64_t>> production;
  std::vector<std::pair<double, std::uint64_t>> candidate;
  for (const auto& row : rows) {
    total += row.count;
    production_sum += row.production * static_cast<double>(row.count);
    candidate_sum += row.candidate * static_cast<double>(row.count);
    production.emplace_back(row.production, row.count);
    candidate.emplace_back(row.candidate, row.count);
  }
  out.production_mean = production_sum / static_cast<double>(total);
  out.candidate_mean = candidate_sum / static_cast<double>(total);
  out.production = quantiles(std::move(production), total);
  out.candidate = quantiles(std::move(candidate), total);
  return out;
}

void add_class_metrics(std::span<const CountedRow> rows, Report& report) {
  report.metrics.push_back(
      ratio_metric({.name = "accuracy",
                    .title = "accuracy",
                    .when_empty = "no row has a label",
                    .terms =
                        [](const CountedRow& row) {
                          return RatioTerms{.production = row.production == *row.label ? 1.0 : 0.0,
                                            .candidate = row.candidate == *row.label ? 1.0 : 0.0};
                        }},
                   rows));
  Flips flips;
  for (const auto& row : rows) {
    const bool same = row.production == row.candidate;
    (same ? flips.same : flips.up.unknown) += row.count;
    flips.up.amount += same ? 0 : row.amount * static_cast<double>(row.count);
    if (!same && row.label) {
      flips.candidate_right += row.candidate == *row.label ? row.count : 0;
      flips.production_right += row.production == *row.label ? row.count : 0;
    }
  }
  const auto test = mcnemar(flips.candidate_right, flips.production_right);
  flips.p = test.p;
  flips.exact = test.exact;
  report.flips = flips;
  report.notes.push_back(
      "For classes this build compares accuracy and flips; it does not compute top-k, macro F1, "
      "log loss, or recall and precision by class.");
}

void add_number_metrics(std::span<const CountedRow> rows, Report& report) {
  const auto add = [&](std::string name, std::string title, bool square_root, auto error) {
    report.metrics.push_back(
        ratio_metric({.name = std::move(name),
                      .title = std::move(title),
                      .when_empty = "no row has a label",
                      .square_root = square_root,
                      .terms =
                          [error](const CountedRow& row) {
                            return RatioTerms{.production = error(row.production - *row.label),
                                              .candidate = error(row.candidate - *row.label)};
                          }},
                     rows));
  };
  add("rmse", "RMSE", true, [](double error) { return error * error; });
  add("mae", "mean absolute error", false, [](double error) { return std::abs(error); });
  add("bias", "bias (score - label)", false, [](double error) { return error; });
  report.notes.push_back(
      "For numbers this build compares RMSE, mean absolute error and bias; it does not compute "
      "pinball loss or quantiles of the error.");
}

}  // namespace bascule
