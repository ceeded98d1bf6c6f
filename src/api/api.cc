#include "api/api.h"

#include <fmt/format.h>

#include "api/error_json.h"
#include "api/load_shedder.h"
#include "api/openapi.h"

namespace bascule {
namespace {

// Beyond it even reading the JSON would hold up the loop's other connections.
constexpr std::size_t kLoopBodyBytes = 32 << 10;

}  // namespace

std::vector<Route> all_routes(ApiContext& api) {
  std::vector<Route> routes;
  // In the order of how often they are asked for: the table is searched from the front.
  add_score_routes(routes, api);
  add_oip_routes(routes, api);
  add_adapter_routes(routes, api);
  add_grpc_routes(routes, api);
  add_service_routes(routes, api);
  add_log_routes(routes, api);
  add_tag_routes(routes, api);
  add_model_routes(routes, api);
  add_promotion_routes(routes, api);
  add_token_routes(routes, api);
  add_page_routes(routes, api);
  // It names itself too, so it is written when it has its row.
  auto document = std::make_shared<std::string>();
  routes.emplace_back(Method::kGet, "/v1/openapi.json", Role::kViewer, Where::kLoop, 0,
                      [document](Call& call) -> Status {
                        call.response().body = *document;
                        return {};
                      });
  *document = openapi_document(routes, api.services.version);
  return routes;
}

// One event loop's. Calls of it are on the loop's thread; what it posts to workers is not.
class Api::Handler final : public HttpHandler {
 public:
  Handler(ApiContext& api, const RouteTable& table)
      : api_(api),
        table_(table),
        state_(api.services, api.metrics.add_shard(), api.telemetry),
        authorizer_(api.access, api.tokens, api.services.clock) {}

  ~Handler() override { state_.finish_answers(); }

  std::uint64_t body_limit(const HttpRequest& head) override {
    std::string allow;
    const auto match = table_.match(head.method, head.path, allow);
    return match ? table_.routes()[match->route].body_limit : 0;
  }

  bool streams(const HttpRequest& head) override {
    std::string allow;
    const auto match = table_.match(head.method, head.path, allow);
    return match && table_.routes()[match->route].write_failed != nullptr;
  }

  bool deny(const HttpRequest& head, HttpResponse& answer) override {
    std::string allow;
    const auto match = table_.match(head.method, head.path, allow);
    const Role role = match ? table_.routes()[match->route].role : Role::kViewer;
    const auto allowed = authorizer_.authorize(head, role);
    if (!allowed) {
      write_failure(head, role, answer, allowed.error(), api_.services);
    }
    return !allowed;
  }

  void handle(const HttpRequest& request, Responder responder) override {
    Call call{.request = request,
              .parts = {},
              .route = table_.routes().size(),
              .role = Role::kAnyone,
              .actor = {},
              .responder = std::move(responder),
              .thread = &state_,
              .on_loop = true,
              .deadline_ns = 0};
    if (auto admitted = admit(call); !admitted) {
      send_error(call, admitted.error(), api_.services);
      return;
    }
    if (call.route == table_.routes().size()) {
      return;  // answered: no such method
    }
    const Route& route = table_.routes()[call.route];
    const bool on_loop = route.where == Where::kLoop ||
                         (route.where == Where::kSized && request.body.size() <= kLoopBodyBytes);
    if (on_loop) {
      run(route, call);
    } else {
      run_on_worker(route, std::move(call));
    }
  }

  void refused(int status, std::string_view peer) override {
    state_.metrics.add_request(table_.routes().size(), status, 0);
    state_.observer.refused(status, peer, api_.services.clock);
  }

  void after_write() override { state_.finish_answers(); }

  void waited(std::int64_t now_ns, std::int64_t wait_ns) override {
    shedder_.waited(now_ns, wait_ns);
  }

  void tick() override {
    state_.finish_answers();  // of peers that were gone before they could be written to
    state_.live.refresh();
    if (api_.tokens.has_uses() && api_.workers) {
      // Too much work waits, or the disk fails: the days are told the next time.
      static_cast<void>(api_.workers->post(
          [&api = api_](ThreadState&) { static_cast<void>(api.tokens.record_uses()); }));
    }
  }

 private:
  // Finds the route and the actor. A path that has other methods is answered here.
  Status admit(Call& call) {
    const HttpRequest& request = call.request;
    std::string allow;
    auto match = find_route(request, allow);
    if (!match) {  // what is not there is for those who may look
      BASCULE_CHECK_OK(authorizer_.authorize(request, Role::kViewer));
    }
    if (!match && request.grpc) {
      return fail(Code::kUnsupported, "there is no gRPC method '{}' here", request.path);
    }
    if (!match && allow.empty()) {
      return std::unexpected(std::move(match.error()));
    }
    if (!match) {
      write_error_at(request.path, call.response(), 405, code_name(Code::kNotFound),
                     fmt::format("{} is not possible here; {} is", request.method_text, allow));
      call.response().headers.emplace_back("Allow", allow);
      send_answer(call, api_.services.clock);
      return {};
    }
    const Route& route = table_.routes()[match->route];
    call.write_failed = request.grpc ? route.write_failed : nullptr;
    // Health, metrics and changes pass: they are few, and wanted most when there is too much else.
    if (route.role == Role::kScorer && shedder_.refuse(request.started_ns)) {
      state_.metrics.shed.add(1);
      return fail(Code::kOverloaded, "this server has more to do than it can; try again later");
    }
    BASCULE_TRY(call.actor, authorizer_.authorize(request, route.role));
    call.route = match->route;
    call.role = route.role;
    call.parts = std::move(match->parts);
    BASCULE_TRY(call.deadline_ns, deadline_of(request));
    if (request.body.size() > route.body_limit) {
      return fail(Code::kTooLarge, "the body has {} bytes, and this route takes {} at most",
                  request.body.size(), route.body_limit);
    }
    return {};
  }

  // Most callers ask for one path again and again.
  Result<RouteTable::Match> find_route(const HttpRequest& request, std::string& allow) {
    if (request.method == last_method_ && request.path == last_path_) {
      return last_match_;
    }
    auto match = table_.match(request.method, request.path, allow);
    if (match) {
      last_method_ = request.method;
      last_path_ = request.path;
      last_match_ = *match;
    }
    return match;
  }

  void run(const Route& route, Call& call) { run_route(route, call, api_.services); }

  static void run_route(const Route& route, Call& call, const Services& services) {
    Status status = check_deadline(call, services.clock);
    if (status) {
      status = route.run(call);
    }
    if (!call.responder.pending()) {
      return;
    }
    if (status) {
      send_answer(call, services.clock);
    } else {
      send_error(call, status.error(), services);
    }
  }

  void run_on_worker(const Route& route, Call call) {
    const auto shared = std::make_shared<Call>(std::move(call));
    WorkerPool& pool = route.where == Where::kSized ? *api_.scorers : *api_.workers;
    const bool posted = pool.post([&route, shared, &api = api_](ThreadState& worker) {
      shared->thread = &worker;
      shared->on_loop = false;
      shared->notes.wait_ns = api.services.clock.monotonic_ns() - shared->request.started_ns;
      run_route(route, *shared, api.services);
    });
    if (!posted) {
      send_error(*shared, {Code::kOverloaded, "too much work is waiting; try again later"},
                 api_.services);
    }
  }

  ApiContext& api_;
  const RouteTable& table_;
  ThreadState state_;
  LoadShedder shedder_;
  Authorizer authorizer_;
  Method last_method_ = Method::kOther;
  std::string last_path_;  // empty: none
  RouteTable::Match last_match_;
};

Api::Api(ApiContext& api) : api_(api), table_(all_routes(api)) {
  api_.metrics.name_routes(table_.routes());
  api_.telemetry.name_routes(table_.routes());
}

std::unique_ptr<HttpHandler> Api::make_handler() {
  return std::make_unique<Handler>(api_, table_);
}

}  // namespace bascule
