// What became known later: labels and decisions in, the score log out.

#include <fmt/format.h>

#include "api/body_fields.h"
#include "api/call.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

// An error of one element of a list in a body.
std::unexpected<Error> at(std::string_view list, std::size_t position, Error error) {
  return prefixed(fmt::format("{}[{}]", list, position), std::move(error));
}

Result<std::string> key_of(const Json& object) {
  const Json* key = object.find("key");
  std::string text;
  if (key != nullptr && key->integer() != nullptr) {
    text = std::to_string(*key->integer());
  } else {
    BASCULE_TRY(text, fields::nonempty_text(object, "key"));
  }
  if (text.size() > limits::kKeyBytes) {
    return fail(Code::kInvalid, "key has {} bytes; at most {} are taken", text.size(),
                limits::kKeyBytes);
  }
  return text;
}

// A number, a class, or a boolean as 1 and 0.
Result<LabelValue> label_value(const Json& value) {
  if (value.string() != nullptr) {
    return LabelValue(*value.string());
  }
  if (value.boolean() != nullptr) {
    return LabelValue(*value.boolean() ? 1.0 : 0.0);
  }
  double number = 0;
  if (value.number(number)) {
    return LabelValue(number);
  }
  return fail(Code::kInvalid, "value must be a number, a boolean or the text of a class");
}

Result<LabelRecord> label_of(const Json& json) {
  BASCULE_CHECK_OK(fields::check_keys(
      json, {"key", "value", "amount?", "source?", "observed_at?", "reverses?"}));
  LabelRecord label;
  BASCULE_TRY(label.key, key_of(json));
  BASCULE_TRY(label.value, label_value(*json.find("value")));
  if (has_member(json, "amount")) {
    BASCULE_TRY(label.amount, fields::number(json, "amount", -1e300, 1e300));
  }
  BASCULE_TRY(label.source, optional_text(json, "source"));
  BASCULE_TRY(label.observed_at, optional_time(json, "observed_at"));
  BASCULE_TRY(label.reverses, optional_flag(json, "reverses"));
  return label;
}

Result<DecisionRecord> decision_of(const Json& json) {
  BASCULE_CHECK_OK(fields::check_keys(json, {"key", "action", "propensity?", "explored?"}));
  DecisionRecord decision;
  BASCULE_TRY(decision.key, key_of(json));
  BASCULE_TRY(decision.action, fields::nonempty_text(json, "action"));
  if (has_member(json, "propensity")) {
    BASCULE_TRY(decision.propensity, fields::number(json, "propensity", 0, 1));
  }
  BASCULE_TRY(decision.explored, optional_flag(json, "explored"));
  return decision;
}

// The elements of the list that is the body's one member.
template <typename Record>
Result<std::vector<Record>> records(const Call& call, std::string_view list,
                                    Result<Record> (*read)(const Json&)) {
  BASCULE_TRY(const auto body, body_object(call.request, {list}));
  BASCULE_TRY(const auto* elements, fields::list(body, list, 1, limits::kHttpRows));
  std::vector<Record> out;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    auto record = read((*elements)[i]);
    if (!record) {
      return at(list, i, std::move(record.error()));
    }
    out.push_back(std::move(*record));
  }
  return out;
}

Status labels(Call& call, ApiContext& api) {
  BASCULE_TRY(auto list, records<LabelRecord>(call, "labels", label_of));
  BASCULE_TRY(const auto counts,
              api.services.lifecycle.add_labels(call.parts.name, std::move(list)));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("accepted").integer(static_cast<std::int64_t>(counts.accepted));
    json.key("unknown_keys").integer(static_cast<std::int64_t>(counts.unknown_keys));
  });
  return {};
}

Status decisions(Call& call, ApiContext& api) {
  BASCULE_TRY(auto list, records<DecisionRecord>(call, "decisions", decision_of));
  BASCULE_TRY(const auto count,
              api.services.lifecycle.add_decisions(call.parts.name, std::move(list)));
  JsonWriter json(call.response().body);
  json.object([&] { json.key("accepted").integer(static_cast<std::int64_t>(count)); });
  return {};
}

void text(JsonWriter& json, std::string_view key, std::string_view value) {
  json.key(key);
  value.empty() ? json.null() : json.string(value);
}

void number(JsonWriter& json, std::string_view key, std::optional<double> value) {
  json.key(key);
  value ? json.number(*value) : json.null();
}

void time(JsonWriter& json, std::string_view key, std::optional<TimeUs> value) {
  json.key(key);
  value ? json.string(format_time(*value)) : json.null();
}

void raw(JsonWriter& json, std::string_view key, const std::string& object) {
  json.key(key);
  object.empty() ? json.null() : json.raw(object);
}

void write_label(JsonWriter& json, const std::optional<LabelRecord>& label) {
  json.key("label");
  if (!label) {
    json.null();
    return;
  }
  json.object([&] {
    json.key("value");
    if (const auto* value = std::get_if<double>(&label->value)) {
      json.number(*value);
    } else {
      json.string(*std::get_if<std::string>(&label->value));
    }
    number(json, "amount", label->amount);
    text(json, "source", label->source);
    time(json, "observed_at", label->observed_at);
    time(json, "arrived_at", label->arrived_at);
  });
}

void write_shadow(JsonWriter& json, const ShadowRecord& shadow) {
  json.object([&] {
    json.key("tag").string(shadow.tag);
    json.key("version").string(version_text(shadow.version));
    json.key("digest").string(shadow.digest);
    json.key("status").string(shadow_status_name(shadow.status));
    number(json, "score", shadow.score);
    raw(json, "outputs", shadow.outputs);
    json.key("latency_us").integer(shadow.latency_us);
    json.key("queue_us").integer(shadow.queue_us);
  });
}

void write_decision(JsonWriter& json, const ScoreRecord& score) {
  json.key("decision");
  if (score.action.empty()) {
    json.null();
    return;
  }
  json.object([&] {
    json.key("action").string(score.action);
    json.key("propensity").number(score.propensity);
    json.key("explored").boolean(score.explored);
    json.key("source").string(action_source_name(score.action_source));
  });
}

void write_entry(JsonWriter& json, const LogEntry& entry) {
  const ScoreRecord& score = entry.score;
  json.object([&] {
    json.key("seq").integer(entry.seq);
    json.key("event_id").string(score.event_id);
    json.key("revision").integer(score.revision);
    text(json, "id", score.client_id);
    text(json, "key", score.key);
    json.key("at").string(format_time(score.at));
    time(json, "time", score.event_time);
    text(json, "app", score.app);
    json.key("tag").string(score.tag);
    json.key("tag_revision").integer(score.tag_revision);
    json.key("version").string(version_text(score.version));
    json.key("digest").string(score.digest);
    text(json, "entity_hash", score.entity_hash ? to_hex(*score.entity_hash) : std::string());
    json.key("group").integer(score.group);
    json.key("segments").object([&] {
      for (const auto& [name, value] : score.segments) {
        json.key(name).string(value);
      }
    });
    json.key("status").string(score.status);
    number(json, "score", score.score);
    raw(json, "outputs", score.outputs);
    number(json, "amount", score.amount);
    number(json, "threshold", score.threshold);
    text(json, "policy", score.policy_id);
    json.key("latency_us").integer(score.latency_us);
    json.key("log_sampling").number(score.log_sampling);
    raw(json, "features", score.features);
    write_decision(json, score);
    write_label(json, entry.label);
    json.key("shadows").array([&] {
      for (const ShadowRecord& shadow : entry.shadows) {
        write_shadow(json, shadow);
      }
    });
  });
}

Status read_log(Call& call, ApiContext& api) {
  const HttpRequest& request = call.request;
  BASCULE_CHECK_OK(check_query(request.query, {"key", "since", "limit", "before"}));
  BASCULE_CHECK_OK(api.services.catalog.get_model(call.parts.name));
  LogQuery query;
  query.model = call.parts.name;
  BASCULE_TRY(query.key, query_value(request.query, "key"));
  BASCULE_TRY(const auto since, query_value(request.query, "since"));
  if (!since.empty()) {
    BASCULE_TRY(query.since, parse_time(since));
  }
  BASCULE_TRY(const auto before, query_integer(request, "before", 0, INT64_MAX));
  if (before > 0) {
    query.before_seq = before;
  }
  BASCULE_TRY(const auto limit, query_integer(request, "limit", 100, limits::kPageRows));
  query.limit = static_cast<std::size_t>(limit);
  BASCULE_TRY(const auto entries, api.services.log.query(query));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("scores").array([&] {
      for (const LogEntry& entry : entries) {
        write_entry(json, entry);
      }
    });
  });
  return {};
}

}  // namespace

void add_log_routes(std::vector<Route>& routes, ApiContext& api) {
  routes.emplace_back(Method::kPost, "/v1/models/{name}/labels", Role::kScorer, Where::kWorker,
                      limits::kHttpBodyBytes, [&api](Call& call) { return labels(call, api); });
  routes.emplace_back(Method::kPost, "/v1/models/{name}/decisions", Role::kScorer, Where::kWorker,
                      limits::kHttpBodyBytes, [&api](Call& call) { return decisions(call, api); });
  routes.emplace_back(Method::kGet, "/v1/models/{name}/log", Role::kViewer, Where::kWorker, 0,
                      [&api](Call& call) { return read_log(call, api); });
}

}  // namespace bascule
