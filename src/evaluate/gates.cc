// The gates of a policy: each one number, one limit, one sentence.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/metrics.h"

namespace bascule {
namespace {

Gate at_least(std::string name, double value, std::uint64_t limit, std::string_view what) {
  const double whole = std::floor(value);
  const bool passed = whole >= static_cast<double>(limit);
  return {.name = std::move(name),
          .value = whole,
          .limit = static_cast<double>(limit),
          .passed = passed,
          .sentence = fmt::format("{:.0f} {}; the policy asks for {}", whole, what, limit)};
}

Gate coverage_gate(const Report& report) {
  Gate gate;
  gate.name = "coverage";
  gate.value = report.coverage;
  gate.limit = report.policy.min_coverage;
  gate.passed = report.coverage && *report.coverage >= gate.limit;
  gate.sentence =
      report.coverage
          ? fmt::format(
                "{:.2f} % of production's rows were scored by both; the policy asks for {:.6g} %",
                100 * *report.coverage, 100 * gate.limit)
          : "production answered no row in the window, so nothing was compared";
  return gate;
}

// Non-inferiority: the worst difference that the 95 % interval allows against the largest loss.
// `sign` is -1 when a smaller metric is a loss, +1 when a larger one is.
Gate loss_gate(const Report& report, std::string name, std::string_view metric_name, int sign,
               double limit) {
  const auto metric = std::ranges::find(report.metrics, metric_name, &Metric::name);
  Gate gate;
  gate.name = std::move(name);
  gate.limit = limit;
  if (!metric->interval) {
    gate.sentence =
        fmt::format("the difference in {} is not estimable: {}", metric->title, metric->why_not);
    return gate;
  }
  const double worst = sign < 0 ? -metric->interval->low : metric->interval->high;
  gate.value = worst + 0.0;  // -0 is 0
  gate.passed = worst <= limit;
  gate.sentence = fmt::format("{} changes by {:+.4f}, at worst by {:+.4f} (95 %); allowed: {:+.6g}",
                              metric->title, *metric->difference,
                              sign < 0 ? metric->interval->low : worst, sign * limit);
  return gate;
}

}  // namespace

void add_gates(Report& report) {
  const auto& policy = report.policy;
  auto& gates = report.gates;
  if (report.context.kind == ReportKind::kShape) {
    gates.push_back(at_least("compared_rows", static_cast<double>(report.rows), policy.min_labelled,
                             "rows were scored by both"));
  } else {
    gates.push_back(at_least("labelled_rows", report.effective_labelled, policy.min_labelled,
                             "rows were scored by both and have a label"));
  }
  if (report.context.kind == ReportKind::kYesNo) {
    gates.push_back(at_least("positives", report.effective_positives, policy.min_positives,
                             "of them are positive"));
  }
  gates.push_back(coverage_gate(report));
  switch (report.context.kind) {
    case ReportKind::kYesNo:
      gates.push_back(loss_gate(report, "auc_loss", "auc", -1, policy.max_auc_loss));
      break;
    case ReportKind::kClasses:
      gates.push_back(loss_gate(report, "accuracy_loss", "accuracy", -1, policy.max_accuracy_loss));
      break;
    case ReportKind::kNumber: {
      const auto& production = report.metrics.front().production;  // RMSE
      gates.push_back(loss_gate(report, "rmse_increase", "rmse", +1,
                                policy.max_rmse_increase * production.value_or(0)));
      break;
    }
    case ReportKind::kShape:
      break;
  }
  report.passed = std::ranges::all_of(gates, &Gate::passed);
}

}  // namespace bascule
