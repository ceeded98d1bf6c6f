// Models and their versions.

#include <fmt/format.h>

#include <array>
#include <span>

#include "api/body_fields.h"
#include "api/call.h"
#include "api/registry_json.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "registry/reference.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

constexpr std::uint64_t kSettingsBytes = 64 << 10;

Status read_columns(const Json& columns, ModelSpec& spec) {
  BASCULE_CHECK_OK(fields::check_keys(columns, {"key?", "entity?", "amount?", "time?"}));
  const auto read = [&](std::string_view key, std::string& out) -> Status {
    if (columns.find(key) != nullptr) {
      BASCULE_TRY(out, fields::nonempty_text(columns, key));
    }
    return {};
  };
  BASCULE_CHECK_OK(read("key", spec.key_column));
  BASCULE_CHECK_OK(read("entity", spec.entity_column));
  BASCULE_CHECK_OK(read("amount", spec.amount_column));
  return read("time", spec.time_column);
}

Result<ModelSpec> spec_of(const Json& body) {
  ModelSpec spec;
  BASCULE_TRY(spec.name, fields::nonempty_text(body, "name"));
  BASCULE_TRY(spec.kind, fields::nonempty_text(body, "kind"));
  BASCULE_TRY(spec.owner, fields::nonempty_text(body, "owner"));
  if (body.find("label_window_days") != nullptr) {
    BASCULE_TRY(const auto days, fields::integer(body, "label_window_days", 0, 3650));
    spec.label_window_days = static_cast<std::int64_t>(days);
  }
  if (body.find("segments") != nullptr) {
    BASCULE_TRY(const auto* segments, fields::list(body, "segments", 0, limits::kSegments));
    if (!segments->empty()) {
      BASCULE_TRY(spec.segments, fields::nonempty_texts(body, "segments"));
    }
  }
  if (body.find("columns") != nullptr) {
    BASCULE_TRY(const auto* columns, fields::object(body, "columns"));
    if (const auto read = read_columns(*columns, spec); !read) {
      return prefixed("columns", read.error());
    }
  }
  if (body.find("extra_columns") != nullptr) {
    constexpr std::array<std::string_view, 2> kChoices{"refuse", "ignore"};
    BASCULE_TRY(const auto choice, fields::choice(body, "extra_columns", kChoices));
    spec.ignore_extra_columns = choice == 1;
  }
  if (const Json* policy = body.find("policy")) {
    spec.policy = canonical_json(*policy);
  }
  return spec;
}

Status write_one_model(Call& call, ApiContext& api, const Model& model) {
  BASCULE_TRY(const auto tags, all_tags(api.services.catalog, model.spec.name));
  JsonWriter json(call.response().body);
  write_model(json, model, tags, /*full=*/true);
  return {};
}

Status create(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto body,
              body_object(call.request, {"name", "kind", "owner", "label_window_days?", "segments?",
                                         "columns?", "extra_columns?", "policy?"}));
  BASCULE_TRY(const auto spec, spec_of(body));
  BASCULE_TRY(const auto model, api.services.lifecycle.create(spec, call.actor));
  call.response().status = 201;
  return write_one_model(call, api, model);
}

Status list(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_query(call.request.query, {"after", "limit"}));
  Catalog& catalog = api.services.catalog;
  BASCULE_TRY(const auto after, query_value(call.request.query, "after"));
  BASCULE_TRY(const auto limit,
              query_integer(call.request, "limit", limits::kPageRows, limits::kPageRows));
  BASCULE_TRY(const auto models, catalog.list_models(after, static_cast<std::size_t>(limit)));
  JsonWriter json(call.response().body);
  json.begin_object();
  json.key("models").begin_array();
  for (const Model& model : models) {
    BASCULE_TRY(const auto tags, all_tags(catalog, model.spec.name));
    write_model(json, model, tags, /*full=*/false);
  }
  json.end_array();
  json.end_object();
  return {};
}

Status show(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto model, api.services.catalog.get_model(call.parts.name));
  return write_one_model(call, api, model);
}

Status set_policy(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_json_type(call.request));
  BASCULE_TRY(const auto body, parse_json(call.request.body));
  BASCULE_TRY(const auto expected, expected_revision(call.request));
  BASCULE_TRY(const auto model, api.services.lifecycle.set_policy({.model = call.parts.name,
                                                                   .policy = canonical_json(body),
                                                                   .expected_revision = expected,
                                                                   .actor = call.actor,
                                                                   .reason = {}}));
  return write_one_model(call, api, model);
}

Status push(Call& call, ApiContext& api) {
  const auto type = call.request.header("content-type");
  if (!type.empty() && type != "application/octet-stream") {
    return fail(Code::kUnsupported, "a package is sent as application/octet-stream, not as {}",
                type);
  }
  const auto bytes = std::as_bytes(std::span(call.request.body));
  BASCULE_TRY(const auto pushed, api.services.lifecycle.push(call.parts.name, bytes, call.actor));
  call.response().status = pushed.created ? 201 : 200;
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("name").string(call.parts.name);
    json.key("version").string(version_text(pushed.version.number));
    json.key("digest").string(pushed.version.digest);
    json.key("created").boolean(pushed.created);
  });
  return {};
}

Status list_versions(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_query(call.request.query, {"before", "limit"}));
  Catalog& catalog = api.services.catalog;
  BASCULE_TRY(const auto model, catalog.get_model(call.parts.name));
  BASCULE_TRY(const auto before, query_integer(call.request, "before", 0, INT64_MAX));
  BASCULE_TRY(const auto limit,
              query_integer(call.request, "limit", limits::kPageRows, limits::kPageRows));
  BASCULE_TRY(const auto versions,
              catalog.list_versions(call.parts.name, before, static_cast<std::size_t>(limit)));
  BASCULE_TRY(const auto tags, all_tags(catalog, call.parts.name));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("versions").array([&] {
      for (const Version& version : versions) {
        json.object([&] {
          write_version_members(json, version, tags);
          json.key("kind").string(model.spec.kind);
        });
      }
    });
  });
  return {};
}

void write_output_info(JsonWriter& json, const Output& output) {
  constexpr std::array<std::string_view, 3> kTypes{"number", "label", "integer"};
  json.object([&] {
    json.key("name").string(output.name);
    json.key("type").string(kTypes[static_cast<std::size_t>(output.type)]);
    json.key("width").integer(static_cast<std::int64_t>(output.width));
    json.key("labels").array([&] {
      for (const Label& label : output.labels) {
        write_label(json, label);
      }
    });
    json.key("default").boolean(output.by_default);
  });
}

void write_manifest(JsonWriter& json, const Manifest& manifest) {
  json.key("kind").string(kind_name(manifest.kind));
  json.key("inputs").array([&] {
    for (const InputColumn& input : manifest.inputs) {
      json.raw(canonical_json(input.details));
    }
  });
  json.key("outputs").array([&] {
    for (const Output& output : manifest.outputs) {
      write_output_info(json, output);
    }
  });
  json.key("steps").array([&] {
    for (const GraphNode& node : manifest.graph) {
      json.object([&] {
        json.key("op").string(node.op);
        json.key("version").integer(node.version);
        json.key("step").string(node.step);
      });
    }
  });
  json.key("provenance").raw(canonical_json(manifest.provenance));
}

Status show_version(Call& call, ApiContext& api) {
  Catalog& catalog = api.services.catalog;
  BASCULE_TRY(const auto version, find_version(catalog, call.parts.name, call.parts.version));
  BASCULE_TRY(const auto tags, all_tags(catalog, call.parts.name));
  BASCULE_TRY(const auto bytes, api.services.blobs.get(version.digest));
  BASCULE_TRY(const auto package, Package::open(bytes));
  JsonWriter json(call.response().body);
  json.object([&] {
    write_version_members(json, version, tags);
    write_manifest(json, package->manifest());
  });
  return {};
}

Status download(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto version,
              find_version(api.services.catalog, call.parts.name, call.parts.version));
  BASCULE_TRY(const auto bytes, api.services.blobs.get(version.digest));
  HttpResponse& response = call.response();
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", version.digest));
  response.body.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {};
}

}  // namespace

void add_model_routes(std::vector<Route>& routes, ApiContext& api) {
  const auto add = [&](Method method, std::string_view pattern, Role role, std::uint64_t limit,
                       Status (*run)(Call&, ApiContext&)) {
    routes.emplace_back(method, pattern, role, Where::kWorker, limit,
                        [&api, run](Call& call) { return run(call, api); });
  };
  add(Method::kGet, "/v1/models", Role::kViewer, 0, list);
  add(Method::kPost, "/v1/models", Role::kPublisher, kSettingsBytes, create);
  add(Method::kPut, "/v1/models/{name}/policy", Role::kOperator, kSettingsBytes, set_policy);
  add(Method::kPost, "/v1/models/{name}/versions", Role::kPublisher, limits::kPackageBytes, push);
  add(Method::kGet, "/v1/models/{name}/versions", Role::kViewer, 0, list_versions);
  add(Method::kGet, "/v1/models/{name}/versions/{v}/package", Role::kViewer, 0, download);
  add(Method::kGet, "/v1/models/{name}/versions/{v}", Role::kViewer, 0, show_version);
  add(Method::kGet, "/v1/models/{name}", Role::kViewer, 0, show);
}

}  // namespace bascule
