// The Open Inference Protocol v2 and the health check over gRPC: the same core as REST, other
// bytes.

#include <fmt/format.h>

#include <algorithm>

#include "api/call.h"
#include "api/grpc.h"
#include "api/grpc/infer_decoder.h"
#include "api/grpc/infer_encoder.h"
#include "api/grpc/reflection.h"
#include "api/grpc/wire.h"
#include "api/oip_types.h"
#include "api/repository.h"
#include "api/score_job.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

constexpr std::string_view kInference = "inference.GRPCInferenceService";
constexpr std::size_t kSmallBytes = 64 << 10;

// Answers with a message that it appends to `out`.
using Unary = Status (*)(Call& call, ApiContext& api, std::string_view message, std::string& out);

Result<std::string_view> message_of(const Call& call) {
  if (!call.request.grpc) {
    return fail(Code::kUnsupported,
                "this is a gRPC method: it wants HTTP/2 and Content-Type application/grpc");
  }
  return grpc_message(call.request.body);
}

Status run_unary(Call& call, ApiContext& api, Unary method) {
  BASCULE_TRY(const auto message, message_of(call));
  HttpResponse& response = call.response();
  response.content_type = "application/grpc";
  begin_grpc_message(response.body);
  BASCULE_CHECK_OK(method(call, api, message, response.body));
  end_grpc_message(response.body);
  return {};
}

// Fields 1 and 2 of a message, as texts: what most requests consist of.
struct TwoTexts {
  std::string first;
  std::string second;
};

Result<TwoTexts> two_texts(std::string_view message) {
  TwoTexts out;
  wire::Field field;
  wire::Reader reader(message);
  while (reader.next(field)) {
    if (field.number == 1) {
      out.first = field.bytes;
    } else if (field.number == 2) {
      out.second = field.bytes;
    }
  }
  if (reader.broken() || !is_utf8(out.first) || !is_utf8(out.second)) {
    return fail(Code::kInvalid, "the request is no message of inference.proto");
  }
  return out;
}

Status server_live(Call& /*call*/, ApiContext& /*api*/, std::string_view /*message*/,
                   std::string& out) {
  wire::put_number(out, 1, 1);
  return {};
}

Status server_ready(Call& /*call*/, ApiContext& api, std::string_view /*message*/,
                    std::string& out) {
  wire::put_number(out, 1, api.ready.load(std::memory_order_relaxed) ? 1 : 0);
  return {};
}

Status server_metadata(Call& /*call*/, ApiContext& api, std::string_view /*message*/,
                       std::string& out) {
  wire::put_text(out, 1, "bascule");
  wire::put_text(out, 2, api.services.version);
  for (const std::string_view extension : kOipExtensions) {
    wire::put_text(out, 3, extension);
  }
  return {};
}

// The live version that the request names.
Result<const LiveTag*> named_version(Call& call, ApiContext& api, std::string_view message,
                                     std::shared_ptr<const LiveSet>& set) {
  BASCULE_TRY(auto names, two_texts(message));
  call.parts.name = std::move(names.first);
  BASCULE_TRY(set, live_set(call, api));
  return oip_live_tag(*set, names.second);
}

// A model that is not there is an error, as it is over REST; one that is there but not live is not
// ready.
Status model_ready(Call& call, ApiContext& api, std::string_view message, std::string& out) {
  std::shared_ptr<const LiveSet> set;
  const auto tag = named_version(call, api, message, set);
  if (!tag && tag.error().code == Code::kNotFound &&
      (set || !api.services.catalog.get_model(call.parts.name))) {
    return std::unexpected(tag.error());
  }
  if (!tag && tag.error().code == Code::kInvalid) {
    return std::unexpected(tag.error());
  }
  wire::put_number(out, 1, tag ? 1 : 0);
  return {};
}

void put_tensor(std::string& out, std::uint32_t field, std::string_view name, OipType type,
                std::size_t width) {
  wire::put_nested(out, field, [&] {
    wire::put_text(out, 1, name);
    wire::put_text(out, 2, oip_type_name(type));
    wire::put_nested(out, 3, [&] {
      wire::put_varint(out, static_cast<std::uint64_t>(std::int64_t{-1}));
      if (width > 1) {
        wire::put_varint(out, width);
      }
    });
  });
}

Status model_metadata(Call& call, ApiContext& api, std::string_view message, std::string& out) {
  std::shared_ptr<const LiveSet> set;
  BASCULE_TRY(const auto* tag, named_version(call, api, message, set));
  const Manifest& manifest = tag->live->plan->manifest();
  wire::put_text(out, 1, set->model);
  for (const LiveTag* live : set->versions()) {
    wire::put_text(out, 2, std::to_string(live->live->version));
  }
  wire::put_text(out, 3, "bascule_package");
  for (const InputColumn& input : manifest.inputs) {
    put_tensor(out, 4, input.name, oip_type_of(input.type), input.type.width);
  }
  for (const Output& output : manifest.outputs) {
    put_tensor(out, 5, output.name, oip_type_of(output), output.width);
  }
  return {};
}

// repository_name is ignored: there is one. Field 2 asks for what is ready only.
Status index(Call& /*call*/, ApiContext& api, std::string_view message, std::string& out) {
  bool ready_only = false;
  wire::Field field;
  wire::Reader reader(message);
  while (reader.next(field)) {
    ready_only = ready_only || (field.number == 2 && field.value != 0);
  }
  if (reader.broken()) {
    return fail(Code::kInvalid, "the request is no message of inference.proto");
  }
  BASCULE_TRY(const auto models, repository_index(api, ready_only));
  for (const IndexedModel& model : models) {
    wire::put_nested(out, 1, [&] {
      wire::put_text(out, 1, model.name);
      wire::put_text(out, 2, model.version);
      wire::put_text(out, 3, model.state);
      wire::put_text(out, 4, model.reason);
    });
  }
  return {};
}

// repository_name is ignored here too; the model is field 2. Triton's parameters (field 3) would
// load another model than was pushed.
Status load_model(Call& /*call*/, ApiContext& api, std::string_view message, std::string& /*out*/) {
  BASCULE_TRY(const auto names, two_texts(message));
  wire::Field field;
  wire::Reader reader(message);
  while (reader.next(field)) {
    if (field.number == 3) {
      return fail(Code::kUnsupported,
                  "a load takes no parameters here: push a package and move a tag to change what "
                  "answers");
    }
  }
  return api.services.host.refresh(names.second);
}

Status unload_model(Call& /*call*/, ApiContext& api, std::string_view message,
                    std::string& /*out*/) {
  BASCULE_TRY(const auto names, two_texts(message));
  return api.services.host.unload(names.second);
}

void put_duration(std::string& out, std::uint32_t field, std::uint64_t count, std::uint64_t ns) {
  wire::put_nested(out, field, [&] {
    wire::put_number(out, 1, count);
    wire::put_number(out, 2, ns);
  });
}

Status statistics(Call& /*call*/, ApiContext& api, std::string_view message, std::string& out) {
  BASCULE_TRY(const auto names, two_texts(message));
  BASCULE_TRY(const auto models, model_statistics(api, names.first, names.second));
  for (const ModelStatistics& model : models) {
    const VersionStatistics& version = model.version;
    wire::put_nested(out, 1, [&] {
      wire::put_text(out, 1, model.name);
      wire::put_text(out, 2, std::to_string(version.version));
      wire::put_number(out, 3, version.last_us / 1000);
      wire::put_number(out, 4, version.scored);
      wire::put_number(out, 5, version.answered);
      wire::put_nested(out, 6, [&] {
        put_duration(out, 1, version.answered, version.answered_ns());
        put_duration(out, 2, version.failed, version.failed_ns);
        put_duration(out, 3, version.answered, 0);  // nothing waits in a queue of its own
        for (std::uint32_t stage = 0; stage < kStages.size(); ++stage) {
          put_duration(out, 4 + stage, version.answered, version.stage_ns[stage]);
        }
      });
    });
  }
  return {};
}

// grpc.health.v1: the whole server is "", and the inference service by its name.
Status health_check(Call& /*call*/, ApiContext& api, std::string_view message, std::string& out) {
  enum : std::uint8_t { kServing = 1, kNotServing = 2 };
  BASCULE_TRY(const auto names, two_texts(message));
  if (!names.first.empty() && names.first != kInference) {
    return fail(Code::kNotFound, "there is no service '{}' here", names.first);
  }
  wire::put_number(out, 1, api.ready.load(std::memory_order_relaxed) ? kServing : kNotServing);
  return {};
}

using EncodeInfer = decltype(encode_infer);

// Answers by itself, perhaps from a worker.
Status model_infer(Call& call, ApiContext& api, EncodeInfer* encode) {
  BASCULE_TRY(const auto bytes, message_of(call));
  BASCULE_TRY(const auto message, read_infer_message(bytes));
  call.parts.name = message.model;
  BASCULE_TRY(auto set, live_set(call, api));
  BASCULE_TRY(const auto* tag, oip_live_tag(*set, message.version));
  BASCULE_TRY(auto request, decode_infer(message, *set, *tag));
  BASCULE_TRY(auto outputs, oip_outputs(*tag->live->plan, request.outputs));
  const OutputMask wanted = mask_of(outputs);
  run_score_job(call, api,
                {.set = std::move(set),
                 .tag = tag,
                 .batch = std::move(request.batch),
                 .wanted = wanted,
                 .encode = [outputs = std::move(outputs), id = std::move(request.id), encode,
                            raw = !message.raw.empty()](HttpResponse& response, const LiveSet& live,
                                                        const RowBatch& batch,
                                                        const Answer& answer) -> Status {
                   if (batch.bad_count() > 0) {
                     return std::unexpected(bad_rows_error(batch));
                   }
                   response.content_type = "application/grpc";
                   begin_grpc_message(response.body);
                   encode(response.body, live, batch.rows(), answer, outputs, id, raw);
                   end_grpc_message(response.body);
                   return {};
                 }});
  return {};
}

// Of ModelStreamInfer: the error's sentence, and the id of its request.
void write_failed_infer(std::string& out, std::string_view message, int /*grpc_status*/,
                        std::string_view error) {
  wire::put_text(out, 1, error);
  const auto request = read_infer_message(message);
  if (request && is_utf8(request->id)) {
    wire::put_nested(out, 2, [&] { wire::put_text(out, 3, request->id); });
  }
}

Status reflect(Call& /*call*/, ApiContext& /*api*/, std::string_view message, std::string& out) {
  static const GrpcServices services;
  return answer_reflection(services, message, out);
}

}  // namespace

void add_grpc_routes(std::vector<Route>& routes, ApiContext& api) {
  const auto unary = [&](std::string_view path, Role role, Where where, Unary method) {
    routes.emplace_back(Method::kPost, path, role, where, kSmallBytes,
                        [&api, method](Call& call) { return run_unary(call, api, method); });
  };
  routes.emplace_back(Method::kPost, "/inference.GRPCInferenceService/ModelInfer", Role::kScorer,
                      Where::kSized, limits::kHttpBodyBytes,
                      [&api](Call& call) { return model_infer(call, api, encode_infer); });
  routes
      .emplace_back(Method::kPost, "/inference.GRPCInferenceService/ModelStreamInfer",
                    Role::kScorer, Where::kSized, limits::kHttpBodyBytes,
                    [&api](Call& call) { return model_infer(call, api, encode_streamed_infer); })
      .write_failed = write_failed_infer;
  unary("/inference.GRPCInferenceService/ServerLive", Role::kAnyone, Where::kLoop, server_live);
  unary("/inference.GRPCInferenceService/ServerReady", Role::kAnyone, Where::kLoop, server_ready);
  unary("/grpc.health.v1.Health/Check", Role::kAnyone, Where::kLoop, health_check);
  unary("/inference.GRPCInferenceService/ServerMetadata", Role::kViewer, Where::kLoop,
        server_metadata);
  unary("/inference.GRPCInferenceService/ModelReady", Role::kViewer, Where::kWorker, model_ready);
  unary("/inference.GRPCInferenceService/ModelMetadata", Role::kViewer, Where::kWorker,
        model_metadata);
  unary("/inference.GRPCInferenceService/RepositoryIndex", Role::kViewer, Where::kWorker, index);
  unary("/inference.GRPCInferenceService/RepositoryModelLoad", Role::kOperator, Where::kWorker,
        load_model);
  unary("/inference.GRPCInferenceService/RepositoryModelUnload", Role::kOperator, Where::kWorker,
        unload_model);
  unary("/inference.GRPCInferenceService/ModelStatistics", Role::kViewer, Where::kWorker,
        statistics);
  for (const std::string_view path : {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                      "/grpc.reflection.v1alpha.ServerReflection/"
                                      "ServerReflectionInfo"}) {
    unary(path, Role::kViewer, Where::kLoop, reflect);
    routes.back().write_failed = write_failed_reflection;
  }
}

}  // namespace bascule
