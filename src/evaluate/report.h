// The report: production against candidate on the same rows, and whether the policy is met.
//
// Pure arithmetic over counted rows. Raw rows count 1; the cells of a sketch count more. Rows are
// put into one order before anything is summed, so the same rows give the same bytes whatever the
// order they came in, and a row with count 3 gives the same bytes as three rows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "evaluate/policy.h"

namespace bascule {

// What the model answers, as far as metrics go.
enum class ReportKind : std::uint8_t {
  kYesNo,    // scores and labels 0 or 1
  kClasses,  // production, candidate and label are positions of classes
  kNumber,   // a regression
  kShape,    // any other: shapes of scores only
};

// One row that both scored, or a cell of equal ones.
struct CountedRow {
  double production = 0;
  double candidate = 0;
  std::optional<double> label;  // absent: unknown
  std::uint64_t count = 1;
  double weight = 1;       // of each of the `count` rows: inverse propensity and sampling; above 0
  std::uint8_t group = 0;  // hash of the entity, below limits::kReportGroups
  double amount = 0;       // money of each row; 0 when not known
  bool operator==(const CountedRow&) const = default;
};

// One of the two that are compared.
struct Subject {
  std::int64_t version = 0;  // 7 of v7
  std::string digest;
  std::string tag;  // "production", "candidate/wider-trees"
};

// Rows that were left out of the comparison, or out of the metrics that need a label, and why.
struct Exclusion {
  std::string reason;    // for machines: "shadow_dropped"
  std::string sentence;  // for people: "the shadow queue was full"
  std::uint64_t rows = 0;
};

// What the numbers are about.
struct ReportContext {
  std::string model;
  ReportKind kind = ReportKind::kYesNo;
  Subject production;
  Subject candidate;
  std::optional<TimeUs> first_at;  // of the rows, as answered
  std::optional<TimeUs> last_at;
  std::optional<TimeUs> mature_before;
  std::uint64_t production_rows = 0;    // answered well in the window: the base of coverage
  std::vector<Exclusion> not_compared;  // rows of production that are not among the counted rows
  std::vector<Exclusion> not_labelled;  // counted rows without a label
};

struct Interval {
  double low = 0;
  double high = 0;
};

// One line of the table. What cannot be estimated is absent, and `why_not` says why.
struct Metric {
  std::string name;   // "auc"; the same in JSON
  std::string title;  // "ROC AUC"
  std::optional<double> production;
  std::optional<double> candidate;
  std::optional<double> difference;  // candidate - production
  std::optional<Interval> interval;  // 95 %, of the difference, by the jackknife over groups
  std::string why_not;
};

// ROC AUC by DeLong, DeLong and Clarke-Pearson (1988): right when rows are independent, too sure of
// itself when entities repeat. The reference beside the jackknife, and never the gate.
struct DelongResult {
  double production = 0;
  double candidate = 0;
  double difference = 0;        // candidate - production
  double standard_error = 0;    // of the difference
  double production_error = 0;  // standard errors of the two by themselves
  double candidate_error = 0;
  std::optional<Interval> production_interval;  // 95 %, on the logit scale; absent at 0 and 1
  std::optional<Interval> candidate_interval;
  std::optional<Interval> interval;  // 95 %, of the difference (Wald)
  std::optional<double> z;
  std::optional<double> p;  // two-sided
};

// Rows and money that would get the other action, by what is known of them.
struct FlipCount {
  std::uint64_t positive = 0;
  std::uint64_t negative = 0;
  std::uint64_t unknown = 0;
  double amount = 0;
  std::uint64_t rows() const noexcept { return positive + negative + unknown; }
};

// Decisions of the two, row by row; rows are counted, not weighted.
struct Flips {
  std::uint64_t same = 0;
  FlipCount up;    // yes/no: production below the threshold, candidate at or above it
  FlipCount down;  // the other way. Classes have no up and down: all are in `up`, as unknown
  // Labelled rows on which exactly one of the two is right, and McNemar's test on them.
  std::uint64_t candidate_right = 0;
  std::uint64_t production_right = 0;
  std::optional<double> p;
  bool exact = false;  // binomial, below 25 such rows; else chi-square with correction
};

// Quantiles of the scores of all compared rows; needs no label.
struct Shape {
  static constexpr std::array<double, 9> kLevels = {0.01, 0.05, 0.10, 0.25, 0.50,
                                                    0.75, 0.90, 0.95, 0.99};
  double production_mean = 0;
  double candidate_mean = 0;
  std::array<double, kLevels.size()> production{};
  std::array<double, kLevels.size()> candidate{};
};

struct Gate {
  std::string name;             // "labelled_rows"
  std::optional<double> value;  // absent: not estimable, which fails
  double limit = 0;
  bool passed = false;
  std::string sentence;
};

struct Report {
  ReportContext context;
  Policy policy;
  std::uint64_t rows = 0;  // scored by both
  std::uint64_t labelled = 0;
  std::uint64_t positives = 0;    // yes/no
  double effective_labelled = 0;  // (sum w)^2 / sum w^2
  double effective_positives = 0;
  std::optional<double> coverage;  // rows / production_rows
  std::size_t groups = 0;          // occupied by labelled rows
  std::vector<Metric> metrics;
  std::optional<DelongResult> delong;
  std::optional<Flips> flips;
  std::optional<Shape> shape;
  std::vector<Gate> gates;
  std::vector<std::string> notes;  // what this report does not say
  bool passed = false;             // every gate did
};

// `policy` has passed `validate`. Rows whose score or label is not a finite number (or, for yes/no,
// whose label is neither 0 nor 1) are left out and counted among the exclusions.
Report make_report(std::vector<CountedRow> rows, const Policy& policy, ReportContext context);

// For a terminal, 100 columns, ASCII.
std::string render_text(const Report& report);
// One JSON object with no number that is not finite; the same bytes for the same rows. Keys of the
// HTTP interface: verdict, baseline, candidate, gates, metrics and what they rest on.
std::string render_json(const Report& report);

}  // namespace bascule
