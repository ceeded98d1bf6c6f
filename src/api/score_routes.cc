// POST /v1/models/{name}/score: the rows face.

#include "api/adapter.h"
#include "api/body_fields.h"
#include "api/rows_decoder.h"
#include "api/score_job.h"
#include "base/limits.h"

namespace bascule {
namespace {

Result<RowsRequest> decode(Call& call, const LiveSet& set, const LiveTag& tag) {
  if (is_csv(call.request.header("content-type"))) {
    BASCULE_TRY(const auto text, rows_of_csv(call.request.body, set, tag));
    return decode_rows(call.thread->parser, text.text(), set);
  }
  BASCULE_CHECK_OK(check_json_type(call.request));
  return decode_rows(call.thread->parser, call.request.body, set, tag);
}

Status score(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_query(call.request.query, {"version", "tag"}));
  BASCULE_TRY(auto set, live_set(call, api));
  BASCULE_TRY(const auto* tag, asked_tag(call.request, *set));
  BASCULE_TRY(auto rows, decode(call, *set, *tag));
  const Plan& plan = *tag->live->plan;
  OutputMask wanted = plan.default_outputs();
  if (!rows.outputs.empty()) {
    BASCULE_TRY(wanted, plan.outputs(rows.outputs));
  }
  run_score_job(
      call, api,
      {.set = std::move(set),
       .tag = tag,
       .batch = std::move(rows.batch),
       .wanted = wanted,
       .shows_event_ids = true,
       .encode = [wanted, single = rows.single, csv = is_csv(call.request.header("accept"))](
                     HttpResponse& response, const LiveSet& live, const RowBatch& batch,
                     const Answer& answer) -> Status {
         if (csv) {
           encode_rows_csv(response, batch, answer, wanted);
           return {};
         }
         encode_rows(response, live, batch, answer, wanted, single);
         return {};
       }});
  return {};
}

}  // namespace

void add_score_routes(std::vector<Route>& routes, ApiContext& api) {
  routes.emplace_back(Method::kPost, "/v1/models/{name}/score", Role::kScorer, Where::kSized,
                      limits::kHttpBodyBytes, [&api](Call& call) { return score(call, api); });
}

}  // namespace bascule
