// A call: one request on its way through its route, and what its thread has for it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth.h"
#include "api/handler.h"
#include "api/http_server.h"
#include "api/json_parser.h"
#include "api/metrics.h"
#include "api/route_table.h"
#include "api/telemetry/telemetry.h"
#include "api/tokens.h"
#include "api/worker_pool.h"
#include "base/clock.h"
#include "base/random.h"
#include "lifecycle/lifecycle.h"
#include "registry/blob_store.h"
#include "registry/catalog.h"
#include "scorelog/score_log.h"
#include "serving/answer.h"
#include "serving/host.h"
#include "serving/live.h"
#include "serving/shadow.h"

namespace bascule {

// What the routes work with. All of it outlives the server.
struct Services {
  Lifecycle& lifecycle;
  Catalog& catalog;
  BlobStore& blobs;
  ScoreLog& log;
  LiveModels& live;
  Host& host;
  Shadow& shadow;
  const Clock& clock = system_clock();
  Random& random = system_random();
  std::string version = "0.1.0";   // of this program
  std::string default_model = {};  // of routes that name none; empty: the only live one
  bool terse_errors = false;       // callers who score learn a code, and nothing of the schema
};

// A batch whose answer is on its way.
struct Finished {
  std::shared_ptr<const LiveSet> set;
  Answer answer;
  RowBatch batch;
  std::string actor;
  std::int64_t latency_us = 0;
};

// What belongs to one thread, of an event loop or of a worker.
struct ThreadState {
  ThreadState(const Services& services, MetricsShard& metrics, const Telemetry& telemetry)
      : live(services.live),
        random(services.random),
        answerer(services.shadow, services.clock, random),
        metrics(metrics),
        observer(telemetry, random) {}

  LiveModels::Cache live;
  JsonParser parser;
  BufferedRandom random;
  Answerer answerer;
  MetricsShard& metrics;
  RequestObserver observer;
  // What goes to the shadow once its answer has been written to a socket; used by event loops.
  std::vector<Finished> finished;

  void finish_answers();
};

// What all routes and threads share.
struct ApiContext {
  explicit ApiContext(Services services)
      : services(std::move(services)), tokens(this->services.catalog) {}

  Services services;
  Access access;  // set before the first handler is made
  Tokens tokens;
  HttpStats http;
  Metrics metrics;
  Telemetry telemetry;                  // opened before the first handler is made
  std::unique_ptr<WorkerPool> scorers;  // for scores that would hold up an event loop
  std::unique_ptr<WorkerPool> workers;  // for the registry, the log and the rest
  std::atomic<bool> ready{false};
};

struct Call {
  const HttpRequest& request;  // lives until the responder has sent
  PathParts parts;
  std::size_t route = 0;
  Role role = Role::kAnyone;  // that the route needs
  std::string actor;
  Responder responder;
  ThreadState* thread = nullptr;
  bool on_loop = false;
  WriteFailedMessage write_failed = nullptr;  // of its route
  std::int64_t deadline_ns = 0;  // monotonic, when the caller stops waiting; 0: it did not say
  CallNotes notes = {};

  HttpResponse& response() noexcept { return responder.response(); }
};

// Sends what the call's response says, and counts it.
void send_answer(Call& call, const Clock& clock);
// Makes the response an error's, as the face that was asked writes it.
void write_failure(const HttpRequest& request, Role role, HttpResponse& response,
                   const Error& error, const Services& services);
// Sends it, and counts it.
void send_error(Call& call, const Error& error, const Services& services);

// When the caller stops waiting: `grpc-timeout` of gRPC calls, X-Request-Timeout-Ms of others,
// counted from the end of the request, or the beginning of a stream. 0 for neither; kInvalid for
// one that is no number.
Result<std::int64_t> deadline_of(const HttpRequest& request);
// kDeadline when it has passed, or when the caller has cancelled: work that nobody waits for is not
// begun.
Status check_deadline(const Call& call, const Clock& clock);

// If-Match: "42" is 42, If-None-Match: * is 0 (there must be no tag), neither is nothing.
Result<std::optional<std::int64_t>> expected_revision(const HttpRequest& request);
// A query parameter that counts, e.g. `limit`.
Result<std::int64_t> query_integer(const HttpRequest& request, std::string_view name,
                                   std::int64_t otherwise, std::int64_t high);

// The version that a path means: "7", "v7", a digest or a tag.
Result<Version> find_version(Catalog& catalog, const std::string& model, std::string_view text);

// Each area adds its rows; `api` outlives them.
void add_score_routes(std::vector<Route>& routes, ApiContext& api);
void add_service_routes(std::vector<Route>& routes, ApiContext& api);
void add_model_routes(std::vector<Route>& routes, ApiContext& api);
void add_tag_routes(std::vector<Route>& routes, ApiContext& api);
void add_token_routes(std::vector<Route>& routes, ApiContext& api);
void add_promotion_routes(std::vector<Route>& routes, ApiContext& api);
void add_log_routes(std::vector<Route>& routes, ApiContext& api);
void add_adapter_routes(std::vector<Route>& routes, ApiContext& api);
void add_oip_routes(std::vector<Route>& routes, ApiContext& api);
void add_page_routes(std::vector<Route>& routes, ApiContext& api);
void add_grpc_routes(std::vector<Route>& routes, ApiContext& api);

}  // namespace bascule
