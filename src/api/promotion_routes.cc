// Reports, promotions and roll-backs.

#include <fmt/format.h>

#include "api/body_fields.h"
#include "api/call.h"
#include "api/registry_json.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::uint64_t kChangeBytes = 16 << 10;

// The kept JSON object with the id in front of its members, and the text behind them.
void write_report(std::string& out, const std::string& id, const std::string& kept,
                  const std::string& text) {
  JsonWriter json(out);
  json.begin_object();
  json.key("id").string(id);
  const std::string_view members = std::string_view(kept).substr(1, kept.size() - 2);
  if (!members.empty()) {
    out.append(",").append(members);
  }
  if (!text.empty()) {
    json.key("text").string(text);
  }
  json.end_object();
}

Status make_report(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto body, body_object(call.request, {"candidate", "since?", "until?"}));
  ReportRequest request;
  request.model = call.parts.name;
  request.actor = call.actor;
  BASCULE_TRY(request.candidate_tag, fields::nonempty_text(body, "candidate"));
  BASCULE_TRY(request.since, optional_time(body, "since"));
  BASCULE_TRY(request.until, optional_time(body, "until"));
  BASCULE_TRY(const auto made, api.services.lifecycle.report(request));
  write_report(call.response().body, made.id, made.json, made.text);
  return {};
}

Status show_report(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto kept, api.services.catalog.get_report(call.parts.name, call.parts.id));
  write_report(call.response().body, kept.id, kept.body, {});
  return {};
}

Status promote(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto body,
              body_object(call.request, {"candidate", "report?", "reason?", "force?", "dry_run?"}));
  PromotionRequest request;
  request.model = call.parts.name;
  request.actor = call.actor;
  BASCULE_TRY(request.candidate_tag, fields::nonempty_text(body, "candidate"));
  BASCULE_TRY(request.report_id, optional_text(body, "report"));
  BASCULE_TRY(request.expected_revision, expected_revision(call.request));
  BASCULE_TRY(request.reason, reason_of(body));
  BASCULE_TRY(request.force, optional_flag(body, "force"));
  BASCULE_TRY(request.dry_run, optional_flag(body, "dry_run"));
  BASCULE_TRY(const auto moved, api.services.lifecycle.promote(request));
  JsonWriter json(call.response().body);
  write_moved(json, moved);
  return {};
}

Status roll_back(Call& call, ApiContext& api) {
  BASCULE_TRY(const auto body, body_object(call.request, {"to?", "reason?", "dry_run?"}));
  RollBackRequest request;
  request.model = call.parts.name;
  request.actor = call.actor;
  BASCULE_TRY(const auto to, optional_text(body, "to"));
  if (!to.empty()) {
    BASCULE_TRY(const auto version, find_version(api.services.catalog, request.model, to));
    request.to = version.number;
  }
  BASCULE_TRY(request.expected_revision, expected_revision(call.request));
  BASCULE_TRY(request.reason, reason_of(body));
  BASCULE_TRY(request.dry_run, optional_flag(body, "dry_run"));
  BASCULE_TRY(const auto moved, api.services.lifecycle.roll_back(request));
  JsonWriter json(call.response().body);
  write_moved(json, moved);
  return {};
}

}  // namespace

void add_promotion_routes(std::vector<Route>& routes, ApiContext& api) {
  const auto add = [&](Method method, std::string_view pattern, Role role, std::uint64_t limit,
                       Status (*run)(Call&, ApiContext&)) {
    routes.emplace_back(method, pattern, role, Where::kWorker, limit,
                        [&api, run](Call& call) { return run(call, api); });
  };
  add(Method::kPost, "/v1/models/{name}/reports", Role::kViewer, kChangeBytes, make_report);
  add(Method::kGet, "/v1/models/{name}/reports/{id}", Role::kViewer, 0, show_report);
  add(Method::kPost, "/v1/models/{name}/promotions", Role::kPromoter, kChangeBytes, promote);
  add(Method::kPost, "/v1/models/{name}/rollbacks", Role::kOperator, kChangeBytes, roll_back);
}

}  // namespace bascule
