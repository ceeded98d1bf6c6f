// The page that tries a model: files of src/api/pages, part of the program, no other server asked.

#include "api/call.h"
#include "api/model_schema.h"
#include "api/pages.h"  // made by cmake/bascule.cmake
#include "api/score_job.h"

namespace bascule {
namespace {

// A page may load what this server gives it, and nothing else; nobody may frame it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

RouteFunction page(std::string_view type, std::string_view text) {
  return [=](Call& call) -> Status {
    HttpResponse& response = call.response();
    response.content_type = type;
    response.headers.emplace_back("Content-Security-Policy", kPolicy);
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    response.headers.emplace_back("Cache-Control", "no-cache");
    response.body = text;
    return {};
  };
}

Status schema(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_query(call.request.query, {"version", "tag"}));
  BASCULE_TRY(const auto set, live_set(call, api));
  BASCULE_TRY(const auto* tag, asked_tag(call.request, *set));
  call.response().body = model_openapi(*set, *tag, api.services.version);
  return {};
}

}  // namespace

void add_page_routes(std::vector<Route>& routes, ApiContext& api) {
  // A browser sends no token with the address of a page; the page has nothing that needs one.
  const auto add = [&](std::string_view pattern, std::string_view type, std::string_view text) {
    routes.emplace_back(Method::kGet, pattern, Role::kAnyone, Where::kLoop, 0, page(type, text));
  };
  add("/v1/try", "text/html; charset=utf-8", pages::kTryHtml);
  add("/v1/try/page.js", "text/javascript; charset=utf-8", pages::kTryJs);
  add("/v1/try/page.css", "text/css; charset=utf-8", pages::kTryCss);
  routes.emplace_back(Method::kGet, "/v1/models/{name}/openapi.json", Role::kViewer, Where::kWorker,
                      0, [&api](Call& call) { return schema(call, api); });
}

}  // namespace bascule
