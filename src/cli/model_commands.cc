#include "cli/model_commands.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/output.h"
#include "package/package.h"

namespace bascule::cli {
namespace {

void add_column(JsonWriter& json, std::string_view name, const std::string& column) {
  if (!column.empty()) {
    json.key(name).string(column);
  }
}

Result<std::string> create_body(const CreateOptions& options) {
  BASCULE_TRY(const auto days, days_of("--label-window", options.label_window));
  std::string policy;
  if (!options.policy_file.empty()) {
    BASCULE_TRY(policy, read_file(options.policy_file));
  }
  std::string body;
  JsonWriter json(body);
  json.object([&] {
    json.key("name").string(options.model).key("kind").string(options.kind);
    json.key("owner").string(options.owner).key("label_window_days").integer(days);
    json.key("segments").array([&] {
      for (const auto& segment : options.segments) {
        json.string(segment);
      }
    });
    json.key("columns").object([&] {
      add_column(json, "key", options.key_column);
      add_column(json, "entity", options.entity_column);
      add_column(json, "amount", options.amount_column);
      add_column(json, "time", options.time_column);
    });
    json.key("extra_columns").string(options.ignore_extra_columns ? "ignore" : "refuse");
    if (!policy.empty()) {
      json.key("policy").raw(policy);
    }
  });
  return body;
}

std::string tags_of(const Json& version) {
  std::string out;
  for (const Json& tag : list_of(version, "tags")) {
    if (tag.string() != nullptr) {
      out += (out.empty() ? "" : ", ") + *tag.string();
    }
  }
  return out;
}

Result<int> list_models(const Session& session) {
  BASCULE_TRY(const auto answer, session.client.send("GET", "/v1/models"));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  Table table({"MODEL", "KIND", "OWNER", "PRODUCTION", "CREATED"});
  for (const Json& model : list_of(body, "models")) {
    const Json* tags = model.find("tags");
    const Json* production = tags == nullptr ? nullptr : tags->find("production");
    table.add({text_of(model, "name"), text_of(model, "kind"), text_of(model, "owner"),
               production == nullptr ? "-" : text_of(*production, "version"),
               short_time(text_of(model, "created_at"))});
  }
  table.print();
  return kDone;
}

// The version that a reference means, as the server describes it.
Result<Json> version_of(const Session& session, const std::string& text, std::string& raw) {
  BASCULE_TRY(const auto reference, parse_reference(text));
  std::string wanted = reference.tag;
  if (const auto* pin = std::get_if<VersionPin>(&reference.pin)) {
    wanted = version_text(pin->number);
  }
  if (const auto* pin = std::get_if<DigestPin>(&reference.pin)) {
    wanted = pin->digest;
  }
  std::string query;
  if (const auto* pin = std::get_if<TimePin>(&reference.pin)) {
    query = "?at=" + url_path(format_time(pin->at));
  }
  if (const auto* pin = std::get_if<BackPin>(&reference.pin)) {
    query = fmt::format("?back={}", pin->steps);
  }
  if (!query.empty()) {
    BASCULE_TRY(const auto then,
                session.client.json(
                    "GET", model_path(reference.name, "/tags/" + url_path(reference.tag) + query)));
    wanted = text_of(then, "version");
  }
  BASCULE_TRY(
      const auto answer,
      session.client.send("GET", model_path(reference.name, "/versions/" + url_path(wanted))));
  raw = answer.body;
  return parse_json(answer.body);
}

std::string column_line(const Json& input) {
  std::string line = fmt::format("{} {}", text_of(input, "name"), text_of(input, "type"));
  if (text_of(input, "nullable") == "true") {
    line += ", may be null";
  }
  if (text_of(input, "optional") == "true") {
    line += ", optional";
  }
  return line;
}

void print_moved(const Common& common, const Json& moved, std::string_view what) {
  const std::string from = text_of(moved, "from_version");
  print_line(fmt::format("{}{}:{}  {} -> {}{}", common.dry_run ? "would be: " : "",
                         text_of(moved, "model"), text_of(moved, "tag"), from.empty() ? "-" : from,
                         what,
                         common.dry_run ? "" : "  (revision " + text_of(moved, "revision") + ")"));
}

}  // namespace

Result<int> create(const Session& session, const CreateOptions& options) {
  BASCULE_TRY(const auto body, create_body(options));
  if (session.common.dry_run) {
    return print_line(body), kDone;
  }
  BASCULE_TRY(const auto answer, session.client.send("POST", "/v1/models", body));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  print_line(
      fmt::format("created {} ({}), owned by {}", options.model, options.kind, options.owner));
  return kDone;
}

Result<int> list(const Session& session, const std::string& model) {
  if (model.empty()) {
    return list_models(session);
  }
  BASCULE_TRY(const auto name, named(model));
  BASCULE_TRY(const auto answer, session.client.send("GET", model_path(name, "/versions")));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  Table table({"VERSION", "DIGEST", "BYTES", "PUSHED", "BY", "TAGS", "NOTES"});
  for (const Json& version : list_of(body, "versions")) {
    table.add({text_of(version, "version"), short_digest(text_of(version, "digest")),
               text_of(version, "size"), short_time(text_of(version, "pushed_at")),
               text_of(version, "pushed_by"), tags_of(version), text_of(version, "notes")});
  }
  table.print();
  return kDone;
}

Result<int> show(const Session& session, const std::string& reference) {
  std::string raw;
  BASCULE_TRY(const auto version, version_of(session, reference, raw));
  if (session.common.json) {
    return print_line(raw), kDone;
  }
  for (const char* key : {"version", "digest", "fingerprint", "kind", "size", "pushed_by",
                          "pushed_at", "metrics", "notes"}) {
    const std::string value = text_of(version, key);
    if (!value.empty()) {
      print_line(fmt::format("{:<12} {}", key, value));
    }
  }
  print_line(fmt::format("{:<12} {}", "tags", tags_of(version)));
  print_line("columns");
  for (const Json& input : list_of(version, "inputs")) {
    print_line("  " + column_line(input));
  }
  return kDone;
}

Result<int> diff(const Session& session, const std::string& left, const std::string& right) {
  std::string raw;
  BASCULE_TRY(const auto before, version_of(session, left, raw));
  BASCULE_TRY(const auto after, version_of(session, right, raw));
  Table table({"", text_of(before, "version"), text_of(after, "version")});
  for (const char* key : {"digest", "fingerprint", "size", "metrics", "notes"}) {
    const std::string was = text_of(before, key);
    const std::string is = text_of(after, key);
    if (was != is) {
      table.add({key, was, is});
    }
  }
  const auto find = [](const Json& version, const std::string& name) -> const Json* {
    for (const Json& input : list_of(version, "inputs")) {
      if (text_of(input, "name") == name) {
        return &input;
      }
    }
    return nullptr;
  };
  for (const Json& input : list_of(before, "inputs")) {
    const std::string name = text_of(input, "name");
    const Json* now = find(after, name);
    const std::string is = now == nullptr ? "-" : column_line(*now);
    if (is != column_line(input)) {
      table.add({"column", column_line(input), is});
    }
  }
  for (const Json& input : list_of(after, "inputs")) {
    if (find(before, text_of(input, "name")) == nullptr) {
      table.add({"column", "-", column_line(input)});
    }
  }
  table.print();
  return kDone;
}

Result<int> policy(const Session& session, const std::string& model, const std::string& file) {
  BASCULE_TRY(const auto name, named(model));
  std::string raw;
  if (file.empty()) {
    BASCULE_TRY(const auto answer, session.client.send("GET", model_path(name)));
    raw = answer.body;
  } else {
    BASCULE_TRY(const auto text, read_file(file));
    if (session.common.dry_run) {
      return print_line(text), kDone;
    }
    BASCULE_TRY(const auto answer, session.client.send("PUT", model_path(name, "/policy"), text));
    raw = answer.body;
  }
  BASCULE_TRY(const auto body, parse_json(raw));
  const Json* policy = body.find("policy");
  print_line(policy == nullptr ? "{}" : canonical_json(*policy));
  return kDone;
}

Result<int> push(const Session& session, const std::string& file, const std::string& model) {
  std::string name = model;
  if (name.empty()) {
    BASCULE_TRY(const auto package, Package::open_file(file));
    name = package->manifest().model;
    if (name.empty()) {
      return fail(Code::kInvalid, "{} names no model; say which: bascule push {} <team>/<model>",
                  file, file);
    }
  }
  BASCULE_CHECK_OK(named(name));
  BASCULE_TRY(const auto bytes, read_file(file));
  if (session.common.dry_run) {
    print_line(
        fmt::format("would push {} ({} bytes) as a version of {}", file, bytes.size(), name));
    return kDone;
  }
  BASCULE_TRY(const auto answer, session.client.send("POST", model_path(name, "/versions"), bytes,
                                                     {"Content-Type: application/octet-stream"}));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  print_line(fmt::format("{}@{}  {}{}", name, text_of(body, "version"), text_of(body, "digest"),
                         text_of(body, "created") == "true" ? "" : "  (these bytes were there)"));
  return kDone;
}

Result<int> tag(const Session& session, const TagOptions& options) {
  BASCULE_TRY(const auto reference, tagged(options.reference));
  BASCULE_TRY(const auto match, match_header(session.client, reference.name, reference.tag));
  std::string body;
  JsonWriter json(body);
  json.object([&] {
    if (!options.remove) {
      json.key("version").string(options.version);
    }
    json.key("reason").string(options.reason);
    if (options.force) {
      json.key("force").boolean(true);
    }
    if (session.common.dry_run) {
      json.key("dry_run").boolean(true);
    }
  });
  BASCULE_TRY(const auto answer,
              session.client.send(options.remove ? "DELETE" : "PUT",
                                  model_path(reference.name, "/tags/" + url_path(reference.tag)),
                                  body, {match}));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto moved, parse_json(answer.body));
  print_moved(session.common, moved, options.remove ? "deleted" : text_of(moved, "version"));
  return kDone;
}

Result<int> history(const Session& session, const std::string& text) {
  const bool one_tag = text.find(':') != std::string::npos;
  BASCULE_TRY(const auto reference, parse_reference(text));
  const std::string path =
      model_path(reference.name, one_tag ? "/history/" + url_path(reference.tag) : "/history");
  BASCULE_TRY(const auto answer, session.client.send("GET", path));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  Table table({"SEQ", "AT", "TAG", "KIND", "FROM", "TO", "WHO", "WHY"});
  for (const Json& event : list_of(body, "events")) {
    const std::string from = text_of(event, "old_version");
    const std::string to = text_of(event, "new_version");
    const bool forced = text_of(event, "forced") == "true";
    table.add({text_of(event, "seq"), short_time(text_of(event, "at")), text_of(event, "tag"),
               text_of(event, "kind") + (forced ? " (forced)" : ""), from.empty() ? "-" : from,
               to.empty() ? "-" : to, text_of(event, "actor"), text_of(event, "reason")});
  }
  table.print();
  print_line(text_of(body, "verified") == "true"
                 ? "The chain of hashes is whole: nothing here was changed afterwards."
                 : "THE CHAIN OF HASHES IS BROKEN: this history was changed afterwards.");
  return text_of(body, "verified") == "true" ? kDone : kRefused;
}

}  // namespace bascule::cli
