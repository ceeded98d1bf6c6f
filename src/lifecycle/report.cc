// The report from the log: read the pairs, count them, judge them by the policy of now, keep it.

#include <fmt/format.h>

#include <map>

#include "base/json_writer.h"
#include "lifecycle/lifecycle.h"
#include "package/json.h"
#include "package/manifest.h"
#include "serving/policy_json.h"

namespace bascule {
namespace {

constexpr TimeUs kDayUs = TimeUs{86'400} * 1'000'000;

ReportKind report_kind(Kind kind) noexcept {
  switch (kind) {
    case Kind::kYesNo:
      return ReportKind::kYesNo;
    case Kind::kClasses:
      return ReportKind::kClasses;
    case Kind::kNumber:
      return ReportKind::kNumber;
    case Kind::kRanking:
    case Kind::kAnomaly:
    case Kind::kTransformation:
      break;
  }
  return ReportKind::kShape;
}

// Positions of classes as they come: production, candidate and label name them by their text.
class Classes {
 public:
  double position(const std::string& name) {
    return static_cast<double>(positions_.emplace(name, positions_.size()).first->second);
  }

 private:
  std::map<std::string, std::size_t> positions_;
};

// The text of the predicted class in a row's outputs; empty when there is none.
std::string predicted_class(std::string_view outputs) {
  const auto parsed = parse_json(outputs);
  if (!parsed) {
    return {};
  }
  const Json* predict = parsed->find("predict");
  if (predict == nullptr) {
    return {};
  }
  return predict->string() != nullptr ? *predict->string() : canonical_json(*predict);
}

std::string label_text(const LabelValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return *text;
  }
  std::string out;
  append_canonical_number(out, *std::get_if<double>(&value));
  return out;
}

// Turns pairs of the log into counted rows, by the kind of the model.
class Counter {
 public:
  explicit Counter(ReportKind kind) : kind_(kind) {}

  void add(const PairRow& pair) {
    CountedRow row;
    row.weight = pair.weight;
    row.group = pair.group;
    row.amount = pair.amount.value_or(0);
    if (kind_ == ReportKind::kClasses) {
      const std::string production = predicted_class(pair.production_outputs);
      const std::string candidate = predicted_class(pair.candidate_outputs);
      if (production.empty() || candidate.empty()) {
        return;
      }
      row.production = classes_.position(production);
      row.candidate = classes_.position(candidate);
      if (pair.label) {
        row.label = classes_.position(label_text(*pair.label));
      }
    } else {
      if (!pair.production || !pair.candidate) {
        return;
      }
      row.production = *pair.production;
      row.candidate = *pair.candidate;
      if (pair.label) {
        const auto* number = std::get_if<double>(&*pair.label);
        if (number != nullptr) {
          row.label = *number;
        }
      }
    }
    rows_.push_back(row);
  }

  std::vector<CountedRow> take() { return std::move(rows_); }

 private:
  ReportKind kind_;
  Classes classes_;
  std::vector<CountedRow> rows_;
};

void add_exclusion(std::vector<Exclusion>& to, std::string reason, std::string sentence,
                   std::uint64_t rows) {
  if (rows > 0) {
    to.push_back({std::move(reason), std::move(sentence), rows});
  }
}

void describe_exclusions(const PairCounts& counts, std::int64_t window_days,
                         ReportContext& context) {
  auto& rows = context.not_compared;
  add_exclusion(rows, "later_revision", "a later row under a key that was scored before",
                counts.later_revision);
  add_exclusion(rows, "production_failed", "production refused the row", counts.production_failed);
  add_exclusion(rows, "shadow_missing", "the candidate was not asked", counts.shadow_missing);
  add_exclusion(rows, "shadow_dropped", "the shadow queue was full", counts.shadow_dropped);
  add_exclusion(rows, "shadow_error", "the candidate refused the row", counts.shadow_error);
  add_exclusion(rows, "missing_feature", "callers did not send a column the candidate needs",
                counts.shadow_missing_feature);
  auto& labels = context.not_labelled;
  add_exclusion(labels, "no_label", "nobody has told what became of it", counts.no_label);
  add_exclusion(labels, "immature",
                fmt::format("younger than the label window of {} days", window_days),
                counts.immature);
  add_exclusion(labels, "blocked", "blocked: no label can come", counts.blocked);
  add_exclusion(labels, "no_key", "it had no key for a label to join", counts.no_key);
}

Subject subject_of(const Tag& tag) {
  return {tag.version, tag.digest, tag.name};
}

}  // namespace

Result<MadeReport> Lifecycle::report(const ReportRequest& request) {
  shadow_.drain();
  BASCULE_TRY(const auto model, catalog_.get_model(request.model));
  BASCULE_TRY(const auto production, catalog_.get_tag(request.model, std::string(kProductionTag)));
  BASCULE_TRY(const auto candidate, catalog_.get_tag(request.model, request.candidate_tag));
  if (production.digest == candidate.digest) {
    return fail(Code::kConflict, "{} and production are the same package, {}; nothing to compare",
                request.candidate_tag, version_text(candidate.version));
  }
  BASCULE_TRY(const auto policy, read_policy(model.spec.policy));

  ReportContext context;
  context.model = request.model;
  context.kind = report_kind(parse_kind(model.spec.kind).value_or(Kind::kTransformation));
  context.production = subject_of(production);
  context.candidate = subject_of(candidate);
  PairQuery query;
  query.model = request.model;
  query.production_digest = production.digest;
  query.candidate_digest = candidate.digest;
  query.since = request.since;
  query.until = request.until;
  query.mature_before = clock_.now_us() - model.spec.label_window_days * kDayUs;
  query.with_outputs = context.kind == ReportKind::kClasses;
  Counter counter(context.kind);
  BASCULE_TRY(const auto counts,
              log_.pairs(query, [&](const PairRow& pair) { counter.add(pair); }));
  context.first_at = counts.first_at;
  context.last_at = counts.last_at;
  context.mature_before = query.mature_before;
  context.production_rows =
      counts.production_rows - counts.later_revision - counts.production_failed;
  describe_exclusions(counts, model.spec.label_window_days, context);

  MadeReport out{.id = {},
                 .report = make_report(counter.take(), policy, std::move(context)),
                 .json = {},
                 .text = {}};
  out.json = render_json(out.report);
  out.text = render_text(out.report);
  BASCULE_TRY(auto kept, catalog_.add_report({.model = request.model,
                                              .baseline_digest = production.digest,
                                              .candidate_digest = candidate.digest,
                                              .policy_id = model.policy_id,
                                              .passed = out.report.passed,
                                              .body = out.json,
                                              .created_by = request.actor}));
  out.id = std::move(kept.id);
  return out;
}

}  // namespace bascule
