// The whole table over real stores in a folder of its own: what is there, to whom, and as
// documented.

#include "api/api.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "api/load_shedder.h"
#include "api/request_parser.h"
#include "api/testing.h"
#include "package/testing.h"

namespace bascule {
namespace {

class ApiTest : public ::testing::Test {
 protected:
  testing::TestServices stores;
  ApiContext context{stores.services()};
  Api api{context};
};

// gRPC asks by POST, whatever it asks: these change nothing.
bool is_grpc_health(std::string_view pattern) {
  return pattern == "/grpc.health.v1.Health/Check" ||
         pattern == "/inference.GRPCInferenceService/ServerLive" ||
         pattern == "/inference.GRPCInferenceService/ServerReady";
}

// "GET /v1/about viewer" for every row.
std::set<std::string> rows_of(const RouteTable& table) {
  std::set<std::string> rows;
  for (const Route& route : table.routes()) {
    rows.insert(
        fmt::format("{} {} {}", method_name(route.method), route.pattern, role_name(route.role)));
  }
  return rows;
}

// The same, out of the tables of a page: | `GET /a`, `GET /b` | role | ... |
void add_documented_rows(const char* page, std::set<std::string>& rows) {
  std::ifstream file(page);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `") || line.find(" /") == std::string::npos) {
      continue;
    }
    const auto end = line.find(" | ", 2);
    const auto role_end = line.find(" |", end + 3);
    const std::string role = line.substr(end + 3, role_end - end - 3);
    std::istringstream routes(line.substr(2, end - 2));
    for (std::string piece; std::getline(routes, piece, '`');) {
      if (piece.find(" /") != std::string::npos) {
        rows.insert(piece + " " + role);
      }
    }
  }
}

std::set<std::string> documented_rows() {
  std::set<std::string> rows;
  for (const auto* page :
       {"docs/http-api.md", "docs/scoring.md", "docs/oip.md", "docs/grpc.md", "docs/adapters.md"}) {
    add_documented_rows(page, rows);
  }
  return rows;
}

// A client that does not wait for its answer.
class GoneSink final : public AnswerSink {
 public:
  void answered() override {}
};

constexpr std::string_view kModel = "bench/row";

void make_live(testing::TestServices& stores) {
  ModelSpec spec;
  spec.name = kModel;
  spec.kind = "yes/no";
  spec.owner = "test";
  ASSERT_TRUE(stores.lifecycle->create(spec, "test"));
  ASSERT_TRUE(stores.lifecycle->push(spec.name, tiny_logistic_package(), "test"));
  const auto moved = stores.lifecycle->set_tag({.model = spec.name,
                                                .tag = "production",
                                                .version = 1,
                                                .expected_revision = 0,
                                                .actor = "test",
                                                .reason = {}});
  ASSERT_TRUE(moved) << moved.error().message;
}

// A request for a score of that model, with the key "k".
void parse(RequestParser& parser) {
  static constexpr std::string_view kBody = R"({"row":{"amount":1.5,"age":30},"key":"k"})";
  static const std::string bytes = fmt::format(
      "POST /v1/models/{}/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
      kModel, kBody.size(), kBody);
  std::size_t used = 0;
  ASSERT_EQ(parser.feed(bytes, used), RequestParser::Event::kHeader);
  ASSERT_EQ(parser.feed(std::string_view(bytes).substr(used), used), RequestParser::Event::kDone);
}

TEST_F(ApiTest, WhatWasScoredIsLoggedEvenIfItsClientIsGone) {
  make_live(stores);
  RequestParser parser;
  parse(parser);
  HttpResponse response;
  auto handler = api.make_handler();
  handler->handle(parser.request(), Responder(std::make_shared<GoneSink>(), response));
  EXPECT_EQ(response.status, 200) << response.body;
  handler.reset();
  stores.shadow->drain();
  const auto entries =
      stores.log->query({.model = std::string(kModel), .key = "k", .since = {}, .before_seq = {}});
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 1U);
}

// A second passes between any two looks at it.
class SlowClock final : public Clock {
 public:
  TimeUs now_us() const noexcept override { return 0; }
  std::int64_t monotonic_ns() const noexcept override { return now_ns_ += 1'000'000'000; }

 private:
  mutable std::atomic<std::int64_t> now_ns_{0};
};

TEST(SlowModel, IsScoredWhereItHoldsUpNoLoop) {
  const SlowClock slow;  // so each of the eight golden rows took an eighth of a second
  testing::TestServices stores(slow);
  make_live(stores);
  ApiContext context{stores.services()};
  Api api(context);
  FakeClock clock{0};
  auto executor = std::make_unique<ManualExecutor>(clock);
  ManualExecutor& later = *executor;
  context.scorers = std::make_unique<WorkerPool>(8, context.http.handler_exceptions);
  context.scorers->add(std::move(executor),
                       std::make_unique<ThreadState>(context.services, context.metrics.add_shard(),
                                                     context.telemetry));
  RequestParser parser;
  parse(parser);
  HttpResponse response;
  const auto handler = api.make_handler();
  handler->handle(parser.request(), Responder(std::make_shared<GoneSink>(), response));
  EXPECT_TRUE(response.body.empty()) << response.body;
  EXPECT_EQ(later.run_due(), 1U);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_FALSE(response.body.empty());
}

TEST_F(ApiTest, EveryRouteNamesItsRole) {
  ASSERT_GT(api.table().routes().size(), 30U);
  for (const Route& route : api.table().routes()) {
    EXPECT_FALSE(role_name(route.role).empty()) << route.pattern;
    const bool changes = route.method != Method::kGet && !is_grpc_health(route.pattern);
    EXPECT_TRUE(!changes || route.role != Role::kAnyone) << route.pattern;
    EXPECT_TRUE(route.run) << route.pattern;
  }
}

TEST_F(ApiTest, OnlyHealthAndThePageAreForAnyone) {
  for (const Route& route : api.table().routes()) {
    const bool health = route.pattern.find("/health/") != std::string::npos ||
                        route.pattern == "/ping" || is_grpc_health(route.pattern);
    const bool page = route.pattern.starts_with("/v1/try");
    EXPECT_EQ(route.role == Role::kAnyone, health || page) << route.pattern;
  }
}

TEST_F(ApiTest, TheRoutesAndTheirRolesAreThoseOfTheDocumentation) {
  EXPECT_EQ(rows_of(api.table()), documented_rows());
}

TEST_F(ApiTest, ProductionIsNotForPublishersToMove) {
  std::string allow;
  for (const std::string_view path :
       {"/v1/models/a/b/tags/production", "/v1/models/a/b/tags/%70roduction"}) {
    const auto match = api.table().match(Method::kPut, path, allow);
    ASSERT_TRUE(match);
    EXPECT_EQ(api.table().routes()[match->route].role, Role::kPromoter);
  }
  const auto other =
      api.table().match(Method::kPut, "/v1/models/a/b/tags/candidate/production", allow);
  ASSERT_TRUE(other);
  EXPECT_EQ(api.table().routes()[other->route].role, Role::kPublisher);
}

// A request without a body that was complete `age_ms` ago.
class DeadlineTest : public ApiTest {
 protected:
  void get(std::string_view path, std::string_view timeout, std::int64_t age_ms) {
    headers_ = {HttpHeader{"x-request-timeout-ms", timeout}};
    request_.method = Method::kGet;
    request_.method_text = "GET";
    request_.path = path;
    request_.headers = headers_;
    request_.started_ns = system_clock().monotonic_ns() - age_ms * 1'000'000;
    response.reset();
    handler_->handle(request_, Responder(sink, response));
  }
  HttpResponse response;
  std::shared_ptr<AnswerSink> sink = std::make_shared<GoneSink>();

 private:
  std::array<HttpHeader, 1> headers_;
  HttpRequest request_;
  std::unique_ptr<HttpHandler> handler_ = api.make_handler();
};

TEST_F(DeadlineTest, NothingIsBegunBehindIt) {
  get("/v1/health/live", "900", 800);
  EXPECT_EQ(response.status, 200);
  get("/v1/health/live", "900", 1'000);
  EXPECT_EQ(response.status, 504) << response.body;
}

TEST_F(DeadlineTest, IsLookedAtAgainOnTheWorker) {
  // The only worker is busy for longer than the caller waits.
  context.workers = std::make_unique<WorkerPool>(8, context.http.handler_exceptions);
  context.workers->add(thread_executor("slow"),
                       std::make_unique<ThreadState>(context.services, context.metrics.add_shard(),
                                                     context.telemetry));
  ASSERT_TRUE(context.workers->post(
      [](ThreadState&) { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }));
  get("/v1/models", "10", 0);
  context.workers.reset();  // runs what was posted
  EXPECT_EQ(response.status, 504) << response.body;
}

TEST_F(DeadlineTest, NothingIsBegunForACallerWhoHasCancelled) {
  struct Cancelled final : AnswerSink {
    void answered() override {}
    bool wanted() const noexcept override { return false; }
  };
  sink = std::make_shared<Cancelled>();
  get("/v1/about", "900", 0);
  EXPECT_EQ(response.status, 504) << response.body;
}

TEST_F(DeadlineTest, MustBeANumberOfMilliseconds) {
  for (const std::string_view text : {"0", "-1", "1.5", "1s", "soon", "86400001"}) {
    get("/v1/health/live", text, 0);
    EXPECT_EQ(response.status, 400) << text;
  }
}

// A queue that stands is told to the handler as its loop would.
class OverloadTest : public ApiTest {
 protected:
  void overload() {
    for (int i = 0; i < 1'000; ++i) {
      now_ns_ += 5'000'000;
      handler_->waited(now_ns_, 2 * LoadShedder::kTargetNs);
    }
  }
  // The statuses of a hundred requests.
  std::map<int, int> ask(Method method, std::string_view path) {
    std::map<int, int> statuses;
    for (int i = 0; i < 100; ++i) {
      HttpRequest request;
      request.method = method;
      request.method_text = method_name(method);
      request.path = path;
      request.body = std::string_view(body_).substr(0, method == Method::kPost ? 2 : 0);
      request.started_ns = now_ns_;
      response.reset();
      handler_->handle(request, Responder(std::make_shared<GoneSink>(), response));
      ++statuses[response.status];
      if (response.status == 429) {
        retry_after = response.headers.at(0).first;
      }
    }
    return statuses;
  }
  HttpResponse response;
  std::string_view retry_after;

 private:
  const std::string body_ = "{}" + std::string(kBodyPadding, ' ');
  std::int64_t now_ns_ = 1;
  std::unique_ptr<HttpHandler> handler_ = api.make_handler();
};

TEST_F(OverloadTest, RefusesMostOfWhatScoresAndNothingElse) {
  constexpr std::string_view kScore = "/v1/models/fraud/none/score";
  EXPECT_EQ(ask(Method::kPost, kScore)[429], 0);
  overload();
  auto scored = ask(Method::kPost, kScore);
  EXPECT_GE(scored[429], 97);
  EXPECT_GE(scored[503], 1);  // some pass, so that the waits go on being measured
  EXPECT_EQ(retry_after, "Retry-After");
  EXPECT_EQ(ask(Method::kGet, "/v1/health/live")[200], 100);
  EXPECT_EQ(ask(Method::kGet, "/metrics")[200], 100);
  EXPECT_NE(response.body.find(fmt::format("\nbascule_http_shed_total {}\n", scored[429])),
            std::string::npos);
}

}  // namespace
}  // namespace bascule
