// The report for a terminal.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "evaluate/jackknife.h"
#include "evaluate/report.h"

namespace bascule {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::size_t kShortDigest = 7 + 12;  // "sha256:" and what tells packages apart

// 1234567 as 1,234,567.
std::string with_commas(std::uint64_t value) {
  std::string out = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3) {
    out.insert(static_cast<std::size_t>(at), ",");
  }
  return out;
}

std::string money(double amount) {
  return with_commas(static_cast<std::uint64_t>(std::llround(std::abs(amount))));
}

// Metrics of scores lie near 0 to 1; errors of a regression have any size.
std::string value_text(const std::optional<double>& value, bool sign = false) {
  if (!value) {
    return "-";
  }
  const bool large = std::abs(*value) >= 1000;
  if (sign) {
    return large ? fmt::format("{:+.6g}", *value) : fmt::format("{:+.4f}", *value);
  }
  return large ? fmt::format("{:.6g}", *value) : fmt::format("{:.4f}", *value);
}

std::string interval_text(const std::optional<Interval>& interval) {
  return interval ? fmt::format("{} to {}", value_text(interval->low, true),
                                value_text(interval->high, true))
                  : "not estimable";
}

std::string p_text(double p) {
  return p < 0.0001 ? "p below 0.0001" : fmt::format("p {:.4f}", p);
}

// To the second: "2026-11-24 15:46:42".
std::string time_text(TimeUs time) {
  auto text = format_time(time).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string_view plural(std::uint64_t count) {
  return count == 1 ? "" : "s";
}

std::string subject_text(const Subject& subject) {
  return fmt::format("v{} ({}, {})", subject.version, subject.tag,
                     subject.digest.substr(0, kShortDigest));
}

void head(Out out, const ReportContext& context) {
  fmt::format_to(out, "Report on {}\n", context.model);
  fmt::format_to(out, "  production  {}\n", subject_text(context.production));
  fmt::format_to(out, "  candidate   {}\n", subject_text(context.candidate));
  if (context.first_at && context.last_at) {
    fmt::format_to(out, "  answered    {} to {} UTC\n", time_text(*context.first_at),
                   time_text(*context.last_at));
  }
  if (context.mature_before) {
    fmt::format_to(out, "  labels      of rows that happened before {} UTC\n",
                   time_text(*context.mature_before));
  }
}

void count_line(Out out, std::uint64_t rows, std::string_view what) {
  fmt::format_to(out, "  {:>12}  {}\n", with_commas(rows), what);
}

void rows(Out out, const Report& report) {
  const auto& context = report.context;
  fmt::format_to(out, "\nRows\n");
  count_line(out, context.production_rows, "answered by production");
  for (const auto& exclusion : context.not_compared) {
    count_line(out, exclusion.rows, fmt::format("left out: {}", exclusion.sentence));
  }
  count_line(out, report.rows,
             report.coverage ? fmt::format("scored by both ({:.2f} %)", 100 * *report.coverage)
                             : "scored by both");
  for (const auto& exclusion : context.not_labelled) {
    count_line(out, exclusion.rows, fmt::format("without a label: {}", exclusion.sentence));
  }
  if (context.kind == ReportKind::kShape) {
    return;
  }
  count_line(out, report.labelled,
             context.kind == ReportKind::kYesNo
                 ? fmt::format("with a label, {} of them positive", with_commas(report.positives))
                 : "with a label");
  if (report.labelled > 0 && report.effective_labelled < 0.999 * double(report.labelled)) {
    count_line(out, static_cast<std::uint64_t>(report.effective_labelled),
               "plain rows would say as much as these weighted ones");
  }
}

void table(Out out, const Report& report) {
  if (report.metrics.empty()) {
    return;
  }
  fmt::format_to(out, "\n{:<24}{:>12}{:>12}{:>12}   {}\n", "Metric", "production", "candidate",
                 "difference", "95 % interval");
  for (const auto& metric : report.metrics) {
    fmt::format_to(out, "{:<24}{:>12}{:>12}{:>12}   {}\n", metric.title,
                   value_text(metric.production), value_text(metric.candidate),
                   value_text(metric.difference, true), interval_text(metric.interval));
    if (!metric.why_not.empty()) {
      fmt::format_to(out, "  not estimable: {}\n", metric.why_not);
    }
  }
  if (report.groups >= kMinJackknifeGroups) {
    fmt::format_to(out, "Intervals of the difference: a jackknife over {} groups of entities.\n",
                   report.groups);
  }
  if (report.delong && report.delong->p) {
    fmt::format_to(out,
                   "AUC, were all rows independent (paired DeLong): {}; z {:.3f}, "
                   "{}.\n",
                   interval_text(report.delong->interval), *report.delong->z,
                   p_text(*report.delong->p));
  }
}

void flip_line(Out out, const FlipCount& flips, std::string_view from, std::string_view to) {
  fmt::format_to(out, "  {} row{} from '{}' to '{}'", with_commas(flips.rows()),
                 plural(flips.rows()), from, to);
  if (flips.rows() > 0) {
    fmt::format_to(out, ": {} positive, {} negative, {} unlabelled", with_commas(flips.positive),
                   with_commas(flips.negative), with_commas(flips.unknown));
  }
  if (flips.amount != 0) {
    fmt::format_to(out, "; amount {}", money(flips.amount));
  }
  fmt::format_to(out, "\n");
}

void flips(Out out, const Report& report) {
  if (!report.flips) {
    return;
  }
  const auto& flips = *report.flips;
  const auto& [low, high] = report.policy.actions;
  if (report.context.kind == ReportKind::kYesNo) {
    fmt::format_to(out, "\nDecisions that the candidate would change, at the threshold {}\n",
                   *report.policy.threshold);
    flip_line(out, flips.up, low, high);
    flip_line(out, flips.down, high, low);
  } else {
    fmt::format_to(out, "\nAnswers\n  {} row{} would get another class\n",
                   with_commas(flips.up.rows()), plural(flips.up.rows()));
  }
  fmt::format_to(out, "  {} row{} would stay as they are\n", with_commas(flips.same),
                 plural(flips.same));
  const auto one_right = flips.candidate_right + flips.production_right;
  if (one_right > 0) {
    fmt::format_to(out,
                   "  Right where the other is wrong: candidate {}, production {} row{} ({}, {})\n",
                   with_commas(flips.candidate_right), with_commas(flips.production_right),
                   plural(flips.production_right), p_text(*flips.p),
                   flips.exact ? "exact binomial" : "McNemar");
  }
}

void shape(Out out, const Report& report) {
  if (!report.shape) {
    return;
  }
  const auto& shape = *report.shape;
  fmt::format_to(out, "\n{:<11}{:>9}", "Scores", "mean");
  for (const double level : Shape::kLevels) {
    fmt::format_to(out, "{:>6.0f} %", 100 * level);
  }
  const auto line = [&](std::string_view name, double mean, const auto& quantiles) {
    fmt::format_to(out, "\n{:<11}{:>9.4g}", name, mean);
    for (const double quantile : quantiles) {
      fmt::format_to(out, "{:>8.2g}", quantile);
    }
  };
  line("production", shape.production_mean, shape.production);
  line("candidate", shape.candidate_mean, shape.candidate);
  fmt::format_to(out, "\n");
}

void gates(Out out, const Report& report) {
  fmt::format_to(out, "\nGates\n");
  for (const auto& gate : report.gates) {
    fmt::format_to(out, "  {}  {:<14}  {}\n", gate.passed ? "pass" : "FAIL", gate.name,
                   gate.sentence);
  }
}

// Words in lines of at most `width` characters, the following lines indented.
void wrapped(Out out, std::string_view text, std::size_t width, std::string_view indent) {
  while (text.size() > width) {
    const auto blank = text.rfind(' ', width);
    if (blank == std::string_view::npos) {
      break;
    }
    fmt::format_to(out, "{}\n{}", text.substr(0, blank), indent);
    text.remove_prefix(blank + 1);
  }
  fmt::format_to(out, "{}\n", text);
}

void notes(Out out, const Report& report) {
  if (!report.notes.empty()) {
    fmt::format_to(out, "\nNotes\n");
  }
  for (const auto& note : report.notes) {
    fmt::format_to(out, "  ");
    wrapped(out, note, 96, "  ");
  }
}

void verdict(Out out, const Report& report) {
  if (report.passed) {
    fmt::format_to(out, "\nVerdict: PASS. The candidate may be promoted.\n");
    return;
  }
  const auto failed = std::ranges::count(report.gates, false, &Gate::passed);
  fmt::format_to(out, "\nVerdict: FAIL. {} of {} gates {} not passed.\n", failed,
                 report.gates.size(), failed == 1 ? "was" : "were");
}

}  // namespace

std::string render_text(const Report& report) {
  std::string text;
  const Out out(text);
  head(out, report.context);
  rows(out, report);
  table(out, report);
  flips(out, report);
  shape(out, report);
  notes(out, report);
  gates(out, report);
  verdict(out, report);
  return text;
}

}  // namespace bascule
