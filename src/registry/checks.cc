#include "registry/checks.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "package/json.h"
#include "package/manifest.h"

namespace bascule {
namespace {

Status check_text(std::string_view what, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return fail(Code::kTooLarge, "{} has {} bytes; at most {} are kept", what, text.size(),
                max_bytes);
  }
  if (!is_utf8(text)) {
    return fail(Code::kInvalid, "{} is not UTF-8", what);
  }
  return {};
}

Status check_digest(std::string_view what, std::string_view digest) {
  if (auto parsed = parse_digest(digest); !parsed) {
    return prefixed(what, std::move(parsed.error()));
  }
  return {};
}

Status check_kind(std::string_view kind) {
  if (!parse_kind(kind)) {
    return fail(Code::kInvalid,
                "kind '{}': expected yes/no, classes, number, ranking, anomaly or transformation",
                kind.substr(0, limits::kActorBytes));
  }
  return {};
}

Status check_segments(const std::vector<std::string>& segments) {
  if (segments.size() > limits::kSegments) {
    return fail(Code::kTooLarge, "{} segments; a model has at most {}", segments.size(),
                limits::kSegments);
  }
  for (auto segment = segments.begin(); segment != segments.end(); ++segment) {
    BASCULE_CHECK_OK(check_text("a segment's name", *segment, limits::kSegmentValueBytes));
    if (segment->empty()) {
      return fail(Code::kInvalid, "a segment's name is empty; an example is country");
    }
    if (std::find(segments.begin(), segment, *segment) != segment) {
      return fail(Code::kInvalid, "segment '{}' is named twice", *segment);
    }
  }
  return {};
}

}  // namespace

Status check_actor(std::string_view what, std::string_view actor) {
  BASCULE_CHECK_OK(check_text(what, actor, limits::kActorBytes));
  if (actor.empty()) {
    return fail(Code::kInvalid, "{} is empty; the registry keeps who it was", what);
  }
  return {};
}

Status check_reason(std::string_view reason) {
  return check_text("the reason", reason, limits::kReasonBytes);
}

Status check_page(std::size_t limit) {
  if (limit == 0 || limit > limits::kPageRows) {
    return fail(Code::kInvalid, "a page of {} rows; expected 1 to {}", limit, limits::kPageRows);
  }
  return {};
}

Result<std::string> canonical_object(std::string_view what, std::string_view json) {
  if (json.size() > limits::kDocumentBytes) {
    return fail(Code::kTooLarge, "{} has {} bytes; at most {} are kept", what, json.size(),
                limits::kDocumentBytes);
  }
  auto value = parse_json(json);
  if (!value) {
    return prefixed(what, std::move(value.error()));
  }
  if (value->object() == nullptr) {
    return fail(Code::kInvalid, "{} must be a JSON object, such as {{}}", what);
  }
  return canonical_json(*value);
}

Status check_model_spec(const ModelSpec& spec) {
  BASCULE_CHECK_OK(check_model_name(spec.name));
  BASCULE_CHECK_OK(check_kind(spec.kind));
  BASCULE_CHECK_OK(check_actor("the owner", spec.owner));
  if (spec.label_window_days < 0 ||
      spec.label_window_days > static_cast<std::int64_t>(limits::kLabelWindowDays)) {
    return fail(Code::kInvalid,
                "a label window of {} days; expected 0 (labels count at once) to {}",
                spec.label_window_days, limits::kLabelWindowDays);
  }
  for (const auto* column :
       {&spec.key_column, &spec.entity_column, &spec.amount_column, &spec.time_column}) {
    BASCULE_CHECK_OK(check_text("a column's name", *column, limits::kTensorNameBytes));
  }
  BASCULE_CHECK_OK(check_segments(spec.segments));
  if (spec.protected_tags.size() > limits::kCandidates) {
    return fail(Code::kTooLarge, "{} protected tags; a model has at most {}",
                spec.protected_tags.size(), limits::kCandidates);
  }
  for (const auto& tag : spec.protected_tags) {
    BASCULE_CHECK_OK(check_tag_name(tag));
  }
  BASCULE_CHECK_OK(canonical_object("the policy", spec.policy));
  BASCULE_CHECK_OK(canonical_object("the settings", spec.settings));
  return {};
}

Status check_new_version(const NewVersion& pushed) {
  BASCULE_CHECK_OK(check_model_name(pushed.model));
  BASCULE_CHECK_OK(check_digest("the package", pushed.digest));
  if (pushed.size_bytes < 1 ||
      static_cast<std::uint64_t>(pushed.size_bytes) > limits::kPackageBytes) {
    return fail(Code::kInvalid, "a package of {} bytes; expected 1 to {}", pushed.size_bytes,
                limits::kPackageBytes);
  }
  BASCULE_CHECK_OK(check_kind(pushed.kind));
  BASCULE_CHECK_OK(check_text("the fingerprint", pushed.fingerprint, limits::kActorBytes));
  BASCULE_CHECK_OK(canonical_object("the package's summary", pushed.summary));
  BASCULE_CHECK_OK(check_text("the notes", pushed.notes, limits::kNotesBytes));
  return check_actor("the name of who pushes", pushed.pushed_by);
}

Status check_tag_change(const TagChange& change) {
  BASCULE_CHECK_OK(check_model_name(change.model));
  BASCULE_CHECK_OK(check_tag_name(change.tag));
  BASCULE_CHECK_OK(check_actor("the actor", change.actor));
  BASCULE_CHECK_OK(check_reason(change.reason));
  BASCULE_CHECK_OK(check_text("the report's id", change.report_id, limits::kActorBytes));
  if (change.kind == EventKind::kPolicy) {
    return fail(Code::kInvalid, "a policy is changed by set_policy; it is no change of a tag");
  }
  if ((change.kind == EventKind::kDelete) != (change.version == 0)) {
    return fail(Code::kInvalid, "{} of tag '{}' of {} to version {}: expected {}",
                event_kind_name(change.kind), change.tag, change.model, change.version,
                change.kind == EventKind::kDelete ? "none" : "a version from 1");
  }
  if (change.forced && change.reason.empty()) {
    return fail(Code::kInvalid,
                "forcing tag '{}' of {} needs a reason: the history keeps it for ever", change.tag,
                change.model);
  }
  return {};
}

Status check_new_report(const NewReport& report) {
  BASCULE_CHECK_OK(check_model_name(report.model));
  if (!report.baseline_digest.empty()) {
    BASCULE_CHECK_OK(check_digest("the report's baseline", report.baseline_digest));
  }
  BASCULE_CHECK_OK(check_digest("the report's candidate", report.candidate_digest));
  BASCULE_CHECK_OK(check_digest("the report's policy", report.policy_id));
  BASCULE_CHECK_OK(canonical_object("the report", report.body));
  return check_actor("the name of who made the report", report.created_by);
}

Status check_new_token(const NewToken& token) {
  BASCULE_CHECK_OK(check_actor("the principal of a token", token.principal));
  BASCULE_CHECK_OK(check_actor("the role of a token", token.role));
  BASCULE_CHECK_OK(check_actor("the name of who made the token", token.created_by));
  BASCULE_CHECK_OK(check_digest("a token", "sha256:" + token.hash));
  if (token.expires_at < 0) {
    return fail(Code::kInvalid,
                "a token that expires before 1970; expected a time, or 0 for never");
  }
  return {};
}

Status check_serving_state(const ServingState& state) {
  BASCULE_CHECK_OK(check_model_name(state.model));
  BASCULE_CHECK_OK(check_tag_name(state.tag));
  BASCULE_CHECK_OK(check_actor("the server's name", state.server));
  for (const auto* digest : {&state.desired_digest, &state.actual_digest}) {
    if (!digest->empty()) {
      BASCULE_CHECK_OK(check_digest("a serving state", *digest));
    }
  }
  return check_text("the error of a serving state", state.error, limits::kNotesBytes);
}

std::string report_id(const NewReport& report) {
  std::string text;
  JsonWriter json(text);
  json.object([&] {
    json.key("baseline").string(report.baseline_digest);
    json.key("body").string(report.body);
    json.key("candidate").string(report.candidate_digest);
    json.key("model").string(report.model);
    json.key("passed").boolean(report.passed);
    json.key("policy").string(report.policy_id);
  });
  return to_hex(sha256(text));
}

}  // namespace bascule
