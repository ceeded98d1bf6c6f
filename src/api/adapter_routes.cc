// The contracts of other servers: MLflow and SageMaker (/invocations, /ping), Vertex and KServe v1
// (:predict). Rows in, predictions out; everything else is the rows face's.

#include <fmt/ranges.h>

#include <vector>

#include "api/adapter.h"
#include "api/body_fields.h"
#include "api/rows_decoder.h"
#include "api/score_job.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

// Whose route has no name: the header's model, the setting's, or the only one there is.
Result<std::string> unnamed_model(const HttpRequest& request, const ApiContext& api) {
  const auto target = request.header("x-amzn-sagemaker-target-model");
  if (!target.empty()) {
    return std::string(target.substr(target.starts_with('/') ? 1 : 0));
  }
  if (!api.services.default_model.empty()) {
    return api.services.default_model;
  }
  const auto live = api.services.live.all();
  if (live.size() == 1) {
    return live.front()->model;
  }
  if (!api.ready) {
    return fail(Code::kUnavailable, "the server is still loading its models; try again");
  }
  std::vector<std::string_view> names;
  for (const auto& set : live) {
    names.push_back(set->model);
  }
  return fail(Code::kInvalid,
              "this route names no model, and {} are live ({}); start the server with "
              "--default-model, or send X-Amzn-SageMaker-Target-Model",
              live.size(), fmt::join(names, ", "));
}

Result<RowsText> rows_text(Call& call, const LiveSet& set, const LiveTag& tag) {
  if (is_csv(call.request.header("content-type"))) {
    return rows_of_csv(call.request.body, set, tag);
  }
  BASCULE_CHECK_OK(check_json_type(call.request));
  return rows_of_json(call.thread->parser, call.request.body, tag);
}

Status predict(Call& call, ApiContext& api) {
  BASCULE_TRY(auto set, live_set(call, api));
  BASCULE_TRY(const auto* tag, live_tag(*set, {}));
  BASCULE_TRY(const auto text, rows_text(call, *set, *tag));
  BASCULE_TRY(auto rows, decode_rows(call.thread->parser, text.text(), *set, *tag));
  const Plan& plan = *tag->live->plan;
  OutputMask wanted = plan.default_outputs();
  if (!rows.outputs.empty()) {
    BASCULE_TRY(wanted, plan.outputs(rows.outputs));
  }
  const bool csv = is_csv(call.request.header("accept"));
  run_score_job(call, api,
                {.set = std::move(set),
                 .tag = tag,
                 .batch = std::move(rows.batch),
                 .wanted = wanted,
                 .encode = [wanted, csv](HttpResponse& response, const LiveSet&,
                                         const RowBatch& batch, const Answer& answer) -> Status {
                   if (batch.bad_count() > 0) {
                     return std::unexpected(bad_rows_error(batch));
                   }
                   encode_predictions(response, batch, answer, wanted, csv);
                   return {};
                 }});
  return {};
}

Status invocations(Call& call, ApiContext& api) {
  BASCULE_TRY(call.parts.name, unnamed_model(call.request, api));
  return predict(call, api);
}

// SageMaker and MLflow take any 200 for ready.
Status ping(Call& call, const ApiContext& api) {
  if (!api.ready) {
    return fail(Code::kUnavailable, "the server is still loading its models");
  }
  call.response().body = "{}";
  return {};
}

}  // namespace

void add_adapter_routes(std::vector<Route>& routes, ApiContext& api) {
  routes.emplace_back(Method::kPost, "/v1/models/{name}:predict", Role::kScorer, Where::kSized,
                      limits::kHttpBodyBytes, [&api](Call& call) { return predict(call, api); });
  routes.emplace_back(Method::kPost, "/invocations", Role::kScorer, Where::kSized,
                      limits::kHttpBodyBytes,
                      [&api](Call& call) { return invocations(call, api); });
  routes.emplace_back(Method::kGet, "/ping", Role::kAnyone, Where::kLoop, 0,
                      [&api](Call& call) { return ping(call, api); });
}

}  // namespace bascule
