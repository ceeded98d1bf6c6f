#include "lifecycle/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "package/json.h"
#include "registry/reference.h"
#include "serving/policy_json.h"

namespace bascule {
namespace {

Moved moved_of(const TagChange& change, std::int64_t from_version, const std::string& from_digest) {
  return {.model = change.model,
          .tag = change.tag,
          .from_version = from_version,
          .to_version = change.version,
          .from_digest = from_digest,
          .to_digest = {},
          .revision = change.expected_revision.value_or(0),
          .dry_run = false};
}

// What lists and pages show of a package.
std::string summary_json(const Manifest& manifest) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("inputs").array([&] {
      for (const InputColumn& input : manifest.inputs) {
        json.object([&] {
          json.key("name").string(input.name).key("type").string(column_type_name(input.type));
          json.key("nullable").boolean(input.nullable).key("optional").boolean(input.optional);
        });
      }
    });
    json.key("outputs").array([&] {
      for (const Output& output : manifest.outputs) {
        json.string(output.name);
      }
    });
    json.key("provenance").raw(canonical_json(manifest.provenance));
  });
  return out;
}

std::string notes_of(const Manifest& manifest) {
  const Json* notes = manifest.provenance.find("notes");
  return notes != nullptr && notes->string() != nullptr ? *notes->string() : std::string();
}

Status check_reason_of_force(bool force, const std::string& reason) {
  if (force && reason.empty()) {
    return fail(Code::kInvalid, "a forced change needs a reason, which the history keeps for ever");
  }
  return {};
}

// The tag, or one that points at nothing.
Result<Tag> tag_or_none(Catalog& catalog, const std::string& model, const std::string& tag) {
  auto found = catalog.get_tag(model, tag);
  if (found || found.error().code != Code::kNotFound) {
    return found;
  }
  BASCULE_CHECK_OK(catalog.get_model(model));
  Tag none;
  none.model = model;
  none.name = tag;
  return none;
}

}  // namespace

Lifecycle::Lifecycle(Catalog& catalog, BlobStore& blobs, ScoreLog& log, Host& host, Shadow& shadow,
                     const Clock& clock)
    : catalog_(catalog), blobs_(blobs), log_(log), host_(host), shadow_(shadow), clock_(clock) {}

Result<Model> Lifecycle::create(const ModelSpec& spec, const std::string& actor) {
  if (!parse_kind(spec.kind)) {
    return fail(Code::kInvalid,
                "kind '{}' is not known; use yes/no, classes, number, ranking, anomaly or "
                "transformation",
                spec.kind);
  }
  BASCULE_TRY(const auto policy, read_policy(spec.policy));
  ModelSpec complete = spec;
  complete.policy = policy_json(policy);
  const std::lock_guard lock(changes_);
  return catalog_.create_model(complete, actor);
}

Result<Model> Lifecycle::set_policy(const PolicyChange& change) {
  BASCULE_TRY(const auto policy, read_policy(change.policy));
  PolicyChange complete = change;
  complete.policy = policy_json(policy);
  const std::lock_guard lock(changes_);
  BASCULE_CHECK_OK(catalog_.set_policy(complete));
  BASCULE_CHECK_OK(host_.refresh(change.model));
  return catalog_.get_model(change.model);
}

Result<Pushed> Lifecycle::push(const std::string& model, std::span<const std::byte> bytes,
                               const std::string& actor) {
  BASCULE_CHECK_OK(check_model_name(model));
  if (auto known = catalog_.get_model(model); !known) {
    if (known.error().code != Code::kNotFound) {
      return std::unexpected(known.error());
    }
    return fail(
        Code::kNotFound,
        "there is no model '{0}'; create it first: bascule create {0} --kind yes/no --owner "
        "<team>",
        model);
  }
  BASCULE_TRY(const auto plan, Host::prove(bytes));
  const Manifest& manifest = plan->manifest();
  if (!manifest.model.empty() && manifest.model != model) {
    return fail(Code::kInvalid,
                "the package was packed for '{}' and cannot be pushed as '{}'; pack it with "
                "name=\"{}\"",
                manifest.model, model, model);
  }
  const std::string digest = digest_text(plan->package().digest());
  const std::lock_guard lock(changes_);
  const bool known = catalog_.find_version(model, digest).has_value();
  BASCULE_CHECK_OK(blobs_.put(digest, bytes));
  BASCULE_TRY(auto version,
              catalog_.add_version({.model = model,
                                    .digest = digest,
                                    .size_bytes = static_cast<std::int64_t>(bytes.size()),
                                    .kind = std::string(kind_name(manifest.kind)),
                                    .fingerprint = manifest.fingerprint,
                                    .summary = summary_json(manifest),
                                    .notes = notes_of(manifest),
                                    .pushed_by = actor}));
  return Pushed{std::move(version), !known};
}

Result<Moved> Lifecycle::move(const TagChange& change, std::int64_t from_version,
                              const std::string& from_digest, bool dry_run) {
  Moved out = moved_of(change, from_version, from_digest);
  if (change.version != 0) {
    BASCULE_TRY(const auto version, catalog_.get_version(change.model, change.version));
    out.to_digest = version.digest;
    BASCULE_CHECK_OK(host_.preflight(change.model, change.tag, change.version));
  }
  if (dry_run) {
    out.dry_run = true;
    return out;
  }
  BASCULE_TRY(const auto event, catalog_.change_tag(change));
  out.revision = event.revision;
  BASCULE_CHECK_OK(host_.refresh(change.model));
  return out;
}

Result<Moved> Lifecycle::set_tag(const TagRequest& request) {
  BASCULE_CHECK_OK(check_tag_name(request.tag));
  BASCULE_CHECK_OK(check_reason_of_force(request.force, request.reason));
  const std::lock_guard lock(changes_);
  BASCULE_TRY(const auto now, tag_or_none(catalog_, request.model, request.tag));
  if (request.tag == kProductionTag && now.version != 0 && now.version != request.version &&
      !request.force) {
    return fail(Code::kConflict,
                "{}:production points at {} and moves by promotion: bascule promote {}:candidate/"
                "<name>; or force it with a reason",
                request.model, version_text(now.version), request.model);
  }
  return move({.model = request.model,
               .tag = request.tag,
               .kind = EventKind::kSet,
               .version = request.version,
               .expected_revision = request.expected_revision,
               .actor = request.actor,
               .reason = request.reason,
               .report_id = {},
               .forced = request.force},
              now.version, now.digest, request.dry_run);
}

Result<Moved> Lifecycle::delete_tag(const TagRequest& request) {
  const std::lock_guard lock(changes_);
  BASCULE_TRY(const auto now, catalog_.get_tag(request.model, request.tag));
  return move({.model = request.model,
               .tag = request.tag,
               .kind = EventKind::kDelete,
               .version = 0,
               .expected_revision = request.expected_revision,
               .actor = request.actor,
               .reason = request.reason,
               .report_id = {},
               .forced = false},
              now.version, now.digest, request.dry_run);
}

Result<StoredReport> Lifecycle::report_for(const PromotionRequest& request, const Tag& production,
                                           const Tag& candidate) {
  const std::string make =
      fmt::format("make one: bascule report {}:{}", request.model, request.candidate_tag);
  if (!request.report_id.empty()) {
    return catalog_.get_report(request.model, request.report_id);
  }
  BASCULE_TRY(const auto reports, catalog_.list_reports(request.model, limits::kPageRows));
  const auto found = std::ranges::find_if(reports, [&](const StoredReport& report) {
    return report.candidate_digest == candidate.digest &&
           report.baseline_digest == production.digest;
  });
  if (found == reports.end()) {
    return fail(Code::kConflict, "no report compares {} with production {} of {}; {}",
                version_text(candidate.version), version_text(production.version), request.model,
                make);
  }
  return *found;
}

Result<Moved> Lifecycle::promote(const PromotionRequest& request) {
  BASCULE_CHECK_OK(check_reason_of_force(request.force, request.reason));
  if (!request.candidate_tag.starts_with(kCandidatePrefix)) {
    return fail(Code::kInvalid,
                "'{}' is not a candidate; promote a tag such as candidate/wider-trees",
                request.candidate_tag);
  }
  const std::lock_guard lock(changes_);
  BASCULE_TRY(const auto candidate, catalog_.get_tag(request.model, request.candidate_tag));
  BASCULE_TRY(const auto production,
              tag_or_none(catalog_, request.model, std::string(kProductionTag)));
  if (production.version == candidate.version) {
    return fail(Code::kConflict, "{} is production of {} already", version_text(candidate.version),
                request.model);
  }
  std::string report_id = request.report_id;
  if (!request.force) {
    BASCULE_TRY(const auto report, report_for(request, production, candidate));
    report_id = report.id;
    BASCULE_TRY(const auto model, catalog_.get_model(request.model));
    const auto refuse = [&](std::string_view why) {
      return fail(Code::kConflict, "report {} {}; make a new one: bascule report {}:{}",
                  report.id.substr(0, 12), why, request.model, request.candidate_tag);
    };
    if (report.candidate_digest != candidate.digest) {
      return refuse("is about another candidate");
    }
    if (report.baseline_digest != production.digest) {
      return refuse("is about another production");
    }
    if (report.policy_id != model.policy_id) {
      return refuse("was judged by an older policy");
    }
    if (!report.passed) {
      return refuse("does not pass");
    }
  }
  return move({.model = request.model,
               .tag = std::string(kProductionTag),
               .kind = EventKind::kPromote,
               .version = candidate.version,
               .expected_revision = request.expected_revision,
               .actor = request.actor,
               .reason = request.reason,
               .report_id = report_id,
               .forced = request.force},
              production.version, production.digest, request.dry_run);
}

Result<Moved> Lifecycle::roll_back(const RollBackRequest& request) {
  const std::lock_guard lock(changes_);
  BASCULE_TRY(const auto production, catalog_.get_tag(request.model, std::string(kProductionTag)));
  std::optional<std::int64_t> target = request.to;
  if (!target) {
    std::vector<TagEvent> history;
    while (true) {
      BASCULE_TRY(auto page,
                  catalog_.history({.model = request.model,
                                    .tag = std::string(kProductionTag),
                                    .after_seq = history.empty() ? 0 : history.back().seq,
                                    .limit = limits::kPageRows}));
      const bool last = page.size() < limits::kPageRows;
      std::ranges::move(page, std::back_inserter(history));
      if (last) {
        break;
      }
    }
    target = roll_back_target(history);
  }
  if (!target) {
    return fail(
        Code::kConflict,
        "{} has no earlier production to go back to; name one: bascule rollback {} --to v<n>",
        request.model, request.model);
  }
  return move({.model = request.model,
               .tag = std::string(kProductionTag),
               .kind = EventKind::kRollBack,
               .version = *target,
               .expected_revision = request.expected_revision ? request.expected_revision
                                                              : std::optional(production.revision),
               .actor = request.actor,
               .reason = request.reason,
               .report_id = {},
               .forced = false},
              production.version, production.digest, request.dry_run);
}

Result<LabelCounts> Lifecycle::add_labels(const std::string& model,
                                          std::vector<LabelRecord> labels) {
  BASCULE_CHECK_OK(catalog_.get_model(model));
  const TimeUs now = clock_.now_us();
  for (LabelRecord& label : labels) {
    label.model = model;
    label.arrived_at = now;
  }
  return log_.add_labels(labels);
}

Result<std::size_t> Lifecycle::add_decisions(const std::string& model,
                                             std::vector<DecisionRecord> decisions) {
  BASCULE_CHECK_OK(catalog_.get_model(model));
  const TimeUs now = clock_.now_us();
  for (DecisionRecord& decision : decisions) {
    decision.model = model;
    decision.at = now;
  }
  return log_.add_decisions(decisions);
}

}  // namespace bascule
