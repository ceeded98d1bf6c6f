// The Open Inference Protocol v2 over REST.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/body_fields.h"
#include "api/oip_decoder.h"
#include "api/oip_types.h"
#include "api/repository.h"
#include "api/score_job.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

// The length of the JSON in front of the binary tensors: all of the body when no header says so.
Result<std::size_t> json_bytes(const HttpRequest& request) {
  const auto text = request.header("inference-header-content-length");
  if (text.empty()) {
    BASCULE_CHECK_OK(check_json_type(request));
    return request.body.size();
  }
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes > request.body.size()) {
    return fail(Code::kInvalid,
                "Inference-Header-Content-Length must be the length of the JSON, at most {}",
                request.body.size());
  }
  return bytes;
}

Status infer(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto length, json_bytes(call.request));
  BASCULE_TRY(auto set, live_set(call, api));
  BASCULE_TRY(const auto* tag, oip_live_tag(*set, call.parts.version));
  const auto body = call.request.body;
  BASCULE_TRY(auto request, decode_oip(call.thread->parser, body.substr(0, length), *set, *tag,
                                       body.substr(length)));
  OipAnswer asked;
  BASCULE_TRY(asked.outputs, oip_outputs(*tag->live->plan, request.outputs));
  asked.binary = std::move(request.binary_outputs);
  if (request.all_binary) {
    asked.binary.resize(asked.outputs.size(), true);
  }
  asked.id = std::move(request.id);
  const OutputMask wanted = mask_of(asked.outputs);
  run_score_job(
      call, api,
      {.set = std::move(set),
       .tag = tag,
       .batch = std::move(request.batch),
       .wanted = wanted,
       .encode = [asked = std::move(asked)](HttpResponse& response, const LiveSet& live,
                                            const RowBatch& batch, const Answer& answer) -> Status {
         if (batch.bad_count() > 0) {
           return std::unexpected(bad_rows_error(batch));
         }
         encode_oip(response, live, batch.rows(), answer, asked);
         return {};
       }});
  return {};
}

void write_tensor(JsonWriter& json, std::string_view name, OipType type, std::size_t width) {
  json.object([&] {
    json.key("name").string(name);
    json.key("datatype").string(oip_type_name(type));
    json.key("shape").array([&] {
      json.integer(-1);
      if (width > 1) {
        json.integer(static_cast<std::int64_t>(width));
      }
    });
  });
}

void write_metadata(std::string& out, const LiveSet& set, const LiveTag& tag) {
  const Manifest& manifest = tag.live->plan->manifest();
  JsonWriter json(out);
  json.object([&] {
    json.key("name").string(set.model);
    json.key("versions").array([&] {
      for (const LiveTag* live : set.versions()) {
        json.string(std::to_string(live->live->version));
      }
    });
    json.key("platform").string("bascule_package");
    json.key("inputs").array([&] {
      for (const InputColumn& input : manifest.inputs) {
        write_tensor(json, input.name, oip_type_of(input.type), input.type.width);
      }
    });
    json.key("outputs").array([&] {
      for (const Output& output : manifest.outputs) {
        write_tensor(json, output.name, oip_type_of(output), output.width);
      }
    });
  });
}

// The live version that the path means; on a worker, since it tells a model that is loading from
// one that is not there.
Result<const LiveTag*> live_version(Call& call, ApiContext& api,
                                    std::shared_ptr<const LiveSet>& set) {
  set = call.thread->live.find(call.parts.name);
  if (!set) {
    BASCULE_CHECK_OK(api.services.catalog.get_model(call.parts.name));
    return fail(Code::kUnavailable,
                "'{}' has no live version yet; tag one: bascule tag {} production v1",
                call.parts.name, call.parts.name);
  }
  return oip_live_tag(*set, call.parts.version);
}

Status metadata(Call& call, ApiContext& api) {
  std::shared_ptr<const LiveSet> set;
  BASCULE_TRY(const auto* tag, live_version(call, api, set));
  write_metadata(call.response().body, *set, *tag);
  return {};
}

Status model_ready(Call& call, ApiContext& api) {
  std::shared_ptr<const LiveSet> set;
  BASCULE_CHECK_OK(live_version(call, api, set));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("name").string(set->model);
    json.key("ready").boolean(true);
  });
  return {};
}

Status server_metadata(Call& call, const ApiContext& api) {
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("name").string("bascule");
    json.key("version").string(api.services.version);
    json.key("extensions").array([&] {
      for (const std::string_view extension : kOipExtensions) {
        json.string(extension);
      }
    });
  });
  return {};
}

// An empty body and an empty object ask for all models, {"ready": true} for those that answer.
Status index(Call& call, ApiContext& api) {
  BASCULE_TRY(const Json body, body_object(call.request, {"ready?"}));
  BASCULE_TRY(const bool ready_only, optional_flag(body, "ready"));
  BASCULE_TRY(const auto models, repository_index(api, ready_only));
  JsonWriter json(call.response().body);
  json.array([&] {
    for (const IndexedModel& model : models) {
      json.object([&] {
        json.key("name").string(model.name);
        json.key("version").string(model.version);
        json.key("state").string(model.state);
        json.key("reason").string(model.reason);
      });
    }
  });
  return {};
}

// What the tags say is what is loaded: `load` brings this server in step with them.
Status load(Call& call, ApiContext& api) {
  BASCULE_TRY(const Json body, body_object(call.request, {"parameters?"}));
  const Json* parameters = body.find("parameters");
  if (parameters != nullptr &&
      (parameters->object() == nullptr || !parameters->object()->empty())) {
    return fail(Code::kUnsupported,
                "a load takes no parameters here: push a package and move a tag to change what "
                "answers");
  }
  return api.services.host.refresh(call.parts.name);
}

Status unload(Call& call, ApiContext& api) {
  return api.services.host.unload(call.parts.name);
}

void write_duration(JsonWriter& json, std::string_view name, std::uint64_t count,
                    std::uint64_t ns) {
  json.key(name).object([&] {
    json.key("count").integer(static_cast<std::int64_t>(count));
    json.key("ns").integer(static_cast<std::int64_t>(ns));
  });
}

void write_statistics(JsonWriter& json, const ModelStatistics& statistics) {
  const VersionStatistics& version = statistics.version;
  json.object([&] {
    json.key("name").string(statistics.name);
    json.key("version").string(std::to_string(version.version));
    json.key("last_inference").integer(static_cast<std::int64_t>(version.last_us / 1000));
    json.key("inference_count").integer(static_cast<std::int64_t>(version.scored));
    json.key("execution_count").integer(static_cast<std::int64_t>(version.answered));
    json.key("inference_stats").object([&] {
      write_duration(json, "success", version.answered, version.answered_ns());
      write_duration(json, "fail", version.failed, version.failed_ns);
      write_duration(json, "queue", version.answered, 0);
      write_duration(json, "compute_input", version.answered, version.stage_ns[0]);
      write_duration(json, "compute_infer", version.answered, version.stage_ns[1]);
      write_duration(json, "compute_output", version.answered, version.stage_ns[2]);
      write_duration(json, "cache_hit", 0, 0);
      write_duration(json, "cache_miss", 0, 0);
    });
    json.key("batch_stats").array([] {});
    json.key("memory_usage").array([] {});
  });
}

Status statistics(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto models, model_statistics(api, call.parts.name, call.parts.version));
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("model_stats").array([&] {
      for (const ModelStatistics& model : models) {
        write_statistics(json, model);
      }
    });
  });
  return {};
}

}  // namespace

void add_oip_routes(std::vector<Route>& routes, ApiContext& api) {
  const auto both = [&](Method method, std::string_view plain, std::string_view versioned,
                        Role role, Where where, std::uint64_t limit,
                        Status (*run)(Call&, ApiContext&)) {
    for (const std::string_view pattern : {plain, versioned}) {
      routes.emplace_back(method, pattern, role, where, limit,
                          [&api, run](Call& call) { return run(call, api); });
    }
  };
  both(Method::kPost, "/v2/models/{name}/infer", "/v2/models/{name}/versions/{v}/infer",
       Role::kScorer, Where::kSized, limits::kHttpBodyBytes, infer);
  both(Method::kGet, "/v2/models/{name}/ready", "/v2/models/{name}/versions/{v}/ready",
       Role::kViewer, Where::kWorker, 0, model_ready);
  both(Method::kGet, "/v2/models/{name}/stats", "/v2/models/{name}/versions/{v}/stats",
       Role::kViewer, Where::kWorker, 0, statistics);
  both(Method::kGet, "/v2/models/{name}", "/v2/models/{name}/versions/{v}", Role::kViewer,
       Where::kWorker, 0, metadata);
  const auto one = [&](Method method, std::string_view pattern, Role role, std::uint64_t limit,
                       Status (*run)(Call&, ApiContext&)) {
    routes.emplace_back(method, pattern, role, Where::kWorker, limit,
                        [&api, run](Call& call) { return run(call, api); });
  };
  one(Method::kGet, "/v2/models/stats", Role::kViewer, 0, statistics);
  one(Method::kPost, "/v2/repository/index", Role::kViewer, kBodyReadUnasked, index);
  one(Method::kPost, "/v2/repository/models/{name}/load", Role::kOperator, kBodyReadUnasked, load);
  one(Method::kPost, "/v2/repository/models/{name}/unload", Role::kOperator, kBodyReadUnasked,
      unload);
  for (const std::string_view pattern : {"/v2", "/v2/"}) {
    routes.emplace_back(Method::kGet, pattern, Role::kViewer, Where::kLoop, 0,
                        [&api](Call& call) { return server_metadata(call, api); });
  }
}

}  // namespace bascule
