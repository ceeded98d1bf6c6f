// Health, metrics, and what this server is and has loaded.

#include <fmt/format.h>

#include "api/call.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "engine/op.h"
#include "registry/reference.h"

namespace bascule {
namespace {

Status health_live(Call& call) {
  call.response().body = R"({"live":true})";
  return {};
}

// 503 while loading and while draining: a load balancer sends nothing new then.
Status health_ready(Call& call, const ApiContext& api) {
  const bool ready = api.ready.load(std::memory_order_relaxed);
  call.response().status = ready ? 200 : 503;
  call.response().body = ready ? R"({"live":true,"ready":true})" : R"({"live":true,"ready":false})";
  return {};
}

Status metrics(Call& call, const ApiContext& api) {
  const Services& services = api.services;
  call.response().content_type = "text/plain; version=0.0.4; charset=utf-8";
  call.response().body =
      api.metrics.text(services.live, services.host.counts(), services.shadow.counts(), api.http,
                       api.telemetry.counts());
  return {};
}

Status about(Call& call, const ApiContext& api) {
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("name").string("bascule");
    json.key("version").string(api.services.version);
    json.key("formats").array([&] { json.integer(1); });
    json.key("operators").object([&] {
      // The table is in the order of file names: versions of one operator stand together.
      const auto table = op_table();
      for (std::size_t i = 0; i < table.size();) {
        const std::string_view name = table[i]->name;
        json.key(name).array([&] {
          for (; i < table.size() && table[i]->name == name; ++i) {
            json.integer(table[i]->version);
          }
        });
      }
    });
  });
  return {};
}

std::string version_of(const LiveSet* set, const ServingState& state) {
  if (set == nullptr || state.actual_digest.empty()) {
    return {};
  }
  const auto found = set->find(state.actual_digest);
  return found ? version_text((*found)->live->version) : std::string();
}

void write_state(JsonWriter& json, const LiveSet* set, const ServingState& state) {
  const auto text = [&](std::string_view key, const std::string& value) {
    json.key(key);
    value.empty() ? json.null() : json.string(value);
  };
  json.object([&] {
    json.key("server").string(state.server);
    json.key("model").string(state.model);
    json.key("tag").string(state.tag);
    text("desired", state.desired_digest);
    text("actual", state.actual_digest);
    text("version", version_of(set, state));
    text("since", state.since == 0 ? std::string() : format_time(state.since));
    text("error", state.error);
  });
}

void write_counts(JsonWriter& json, const Shadow::Counts& counts) {
  json.key("shadow").object([&] {
    json.key("queued").integer(counts.queued);
    json.key("dropped").integer(counts.shadow_dropped);
    json.key("scored").integer(counts.scored);
  });
  json.key("log").object([&] {
    json.key("rows").integer(counts.logged);
    json.key("dropped").integer(counts.log_dropped);
    json.key("error");
    counts.log_error.empty() ? json.null() : json.string(counts.log_error);
  });
}

Status serving(Call& call, ApiContext& api) {
  Services& services = api.services;
  JsonWriter json(call.response().body);
  json.begin_object();
  json.key("serving").begin_array();
  std::string after;
  for (;;) {
    BASCULE_TRY(const auto models, services.catalog.list_models(after, limits::kPageRows));
    for (const Model& model : models) {
      BASCULE_TRY(const auto states, services.catalog.list_serving_states(model.spec.name));
      const auto set = services.live.find(model.spec.name);
      for (const ServingState& state : states) {
        write_state(json, set.get(), state);
      }
      after = model.spec.name;
    }
    if (models.size() < limits::kPageRows) {
      break;
    }
  }
  json.end_array();
  write_counts(json, services.shadow.counts());
  json.end_object();
  return {};
}

}  // namespace

void add_service_routes(std::vector<Route>& routes, ApiContext& api) {
  for (const std::string_view pattern : {"/v1/health/live", "/v2/health/live"}) {
    routes.emplace_back(Method::kGet, pattern, Role::kAnyone, Where::kLoop, 0, health_live);
  }
  for (const std::string_view pattern : {"/v1/health/ready", "/v2/health/ready"}) {
    routes.emplace_back(Method::kGet, pattern, Role::kAnyone, Where::kLoop, 0,
                        [&api](Call& call) { return health_ready(call, api); });
  }
  routes.emplace_back(Method::kGet, "/metrics", Role::kViewer, Where::kLoop, 0,
                      [&api](Call& call) { return metrics(call, api); });
  routes.emplace_back(Method::kGet, "/v1/about", Role::kViewer, Where::kLoop, 0,
                      [&api](Call& call) { return about(call, api); });
  routes.emplace_back(Method::kGet, "/v1/serving", Role::kViewer, Where::kWorker, 0,
                      [&api](Call& call) { return serving(call, api); });
}

}  // namespace bascule
