// Tags and the history that remembers them.

#include <fmt/format.h>

#include "api/body_fields.h"
#include "api/call.h"
#include "api/registry_json.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "registry/reference.h"

namespace bascule {
namespace {

constexpr std::uint64_t kChangeBytes = 16 << 10;

std::string etag(std::int64_t revision) {
  return fmt::format("\"{}\"", revision);
}

Status list(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto tags, all_tags(api.services.catalog, call.parts.name));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("tags").array([&] {
      for (const Tag& tag : tags) {
        write_tag(json, tag);
      }
    });
  });
  return {};
}

// What the tag pointed at: at a time, or some moves ago.
Status show_past(Call& call, ApiContext& api, Pin pin) {
  BASCULE_TRY(const auto version,
              api.services.catalog.resolve({call.parts.name, call.parts.tag, std::move(pin)}));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("tag").string(call.parts.tag);
    json.key("version").string(version_text(version.number));
    json.key("digest").string(version.digest);
  });
  return {};
}

Status show(Call& call, ApiContext& api) {
  const HttpRequest& request = call.request;
  BASCULE_CHECK_OK(check_query(request.query, {"at", "back"}));
  BASCULE_TRY(const auto at, query_value(request.query, "at"));
  BASCULE_TRY(const auto back, query_integer(request, "back", 0, 1'000'000));
  if (!at.empty() && back > 0) {
    return fail(Code::kInvalid, "ask for `at` or for `back`, not for both");
  }
  if (!at.empty()) {
    BASCULE_TRY(const auto time, parse_time(at));
    return show_past(call, api, TimePin{time});
  }
  if (back > 0) {
    return show_past(call, api, BackPin{back});
  }
  BASCULE_TRY(const auto tag, api.services.catalog.get_tag(call.parts.name, call.parts.tag));
  call.response().headers.emplace_back("ETag", etag(tag.revision));
  JsonWriter json(call.response().body);
  write_tag(json, tag);
  return {};
}

// The members of the tag, and where it came from.
void write_change(Call& call, const Moved& moved) {
  if (!moved.dry_run) {
    call.response().headers.emplace_back("ETag", etag(moved.revision));
  }
  const auto version = [](std::int64_t number) {
    return number == 0 ? std::string("null") : fmt::format("\"{}\"", version_text(number));
  };
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("model").string(moved.model);
    json.key("tag").string(moved.tag);
    json.key("version").raw(version(moved.to_version));
    json.key("digest").string(moved.to_digest);
    json.key("revision").integer(moved.revision);
    json.key("from_version").raw(version(moved.from_version));
    json.key("from_digest").string(moved.from_digest);
    json.key("dry_run").boolean(moved.dry_run);
  });
}

Status set(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto body,
              body_object(call.request, {"version", "reason?", "dry_run?", "force?"}));
  TagRequest request;
  request.model = call.parts.name;
  request.tag = call.parts.tag;
  request.actor = call.actor;
  BASCULE_TRY(const auto version, fields::nonempty_text(body, "version"));
  BASCULE_TRY(const auto found, find_version(api.services.catalog, request.model, version));
  request.version = found.number;
  BASCULE_TRY(request.expected_revision, expected_revision(call.request));
  BASCULE_TRY(request.reason, reason_of(body));
  BASCULE_TRY(request.force, optional_flag(body, "force"));
  BASCULE_TRY(request.dry_run, optional_flag(body, "dry_run"));
  BASCULE_TRY(const auto moved, api.services.lifecycle.set_tag(request));
  write_change(call, moved);
  return {};
}

Status remove(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto body, body_object(call.request, {"reason?", "dry_run?"}));
  TagRequest request;
  request.model = call.parts.name;
  request.tag = call.parts.tag;
  request.actor = call.actor;
  BASCULE_TRY(request.expected_revision, expected_revision(call.request));
  BASCULE_TRY(request.reason, reason_of(body));
  BASCULE_TRY(request.dry_run, optional_flag(body, "dry_run"));
  BASCULE_TRY(const auto moved, api.services.lifecycle.delete_tag(request));
  write_change(call, moved);
  return {};
}

Status history(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_query(call.request.query, {"after", "limit"}));
  Catalog& catalog = api.services.catalog;
  BASCULE_TRY(const auto after, query_integer(call.request, "after", 0, INT64_MAX));
  BASCULE_TRY(const auto limit,
              query_integer(call.request, "limit", limits::kPageRows, limits::kPageRows));
  BASCULE_CHECK_OK(catalog.get_model(call.parts.name));
  BASCULE_TRY(const auto events, catalog.history({.model = call.parts.name,
                                                  .tag = call.parts.tag,
                                                  .after_seq = after,
                                                  .limit = static_cast<std::size_t>(limit)}));
  const auto check = catalog.verify_history();
  if (!check && check.error().code != Code::kInternal) {
    return std::unexpected(check.error());
  }
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("events").array([&] {
      for (const TagEvent& event : events) {
        write_event(json, event);
      }
    });
    json.key("verified").boolean(check.has_value());
    if (!check) {
      json.key("problem").string(check.error().message);
    }
  });
  return {};
}

}  // namespace

void add_tag_routes(std::vector<Route>& routes, ApiContext& api) {
  const auto add = [&](Method method, std::string_view pattern, Role role, std::uint64_t limit,
                       Status (*run)(Call&, ApiContext&)) {
    routes.emplace_back(method, pattern, role, Where::kWorker, limit,
                        [&api, run](Call& call) { return run(call, api); });
  };
  add(Method::kGet, "/v1/models/{name}/tags", Role::kViewer, 0, list);
  add(Method::kGet, "/v1/models/{name}/tags/{tag}", Role::kViewer, 0, show);
  // What answers is not for publishers to move: its rows stand before those of the other tags.
  const auto add_production = [&](Method method, Status (*run)(Call&, ApiContext&)) {
    routes.emplace_back(method, "/v1/models/{name}/tags/production", Role::kPromoter,
                        Where::kWorker, kChangeBytes, [&api, run](Call& call) {
                          call.parts.tag = kProductionTag;
                          return run(call, api);
                        });
  };
  add_production(Method::kPut, set);
  add_production(Method::kDelete, remove);
  add(Method::kPut, "/v1/models/{name}/tags/{tag}", Role::kPublisher, kChangeBytes, set);
  add(Method::kDelete, "/v1/models/{name}/tags/{tag}", Role::kPublisher, kChangeBytes, remove);
  add(Method::kGet, "/v1/models/{name}/history", Role::kViewer, 0, history);
  add(Method::kGet, "/v1/models/{name}/history/{tag}", Role::kViewer, 0, history);
}

}  // namespace bascule
