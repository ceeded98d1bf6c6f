#include "api/telemetry/span_exporter.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "api/telemetry/collector.h"

namespace bascule {
namespace {

class SpanExporterTest : public ::testing::Test {
 protected:
  void run_after(std::int64_t ms) {
    clock.advance_us(ms * 1000);
    executor->run_due();
  }

  FakeClock clock{0};
  SeededRandom random{7};
  SpanExporter::Reply reply{.status = 200};
  std::vector<std::string> posts;
  std::unique_ptr<ManualExecutor> made = std::make_unique<ManualExecutor>(clock);
  ManualExecutor* executor = made.get();
  SpanExporter exporter{{.version = "1.2", .instance = "here"},
                        [this](std::string_view body, std::int64_t) {
                          posts.emplace_back(body);
                          return reply;
                        },
                        random,
                        std::move(made)};
};

TEST_F(SpanExporterTest, PutsTheSpansOfASecondIntoOneRequest) {
  exporter.add(R"({"name":"a"},{"name":"b"},)");
  exporter.add(R"({"name":"c"},)");
  run_after(1'000);
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_EQ(posts[0], R"({"resourceSpans":[{"resource":{"attributes":[)"
                      R"({"key":"service.name","value":{"stringValue":"bascule"}},)"
                      R"({"key":"service.version","value":{"stringValue":"1.2"}},)"
                      R"({"key":"service.instance.id","value":{"stringValue":"here"}}]},)"
                      R"("scopeSpans":[{"scope":{"name":"bascule","version":"1.2"},)"
                      R"("spans":[{"name":"a"},{"name":"b"},{"name":"c"}]}]}]})");
  EXPECT_EQ(exporter.exported(), 2U);
}

TEST_F(SpanExporterTest, WaitsAsLongAsTheCollectorSays) {
  reply = {.status = 429, .retry_after_ms = 7'000};
  exporter.add("{},");
  run_after(1'000);
  run_after(6'999);
  EXPECT_EQ(posts.size(), 1U);
  reply = {.status = 200};
  run_after(1);
  EXPECT_EQ(posts.size(), 2U);
  EXPECT_EQ(exporter.exported(), 1U);
}

TEST_F(SpanExporterTest, GivesUpAfterAMinuteOrTwoAndGoesOnWithTheNext) {
  reply = {.status = 0};
  exporter.add("{},");
  std::int64_t waited_s = 0;
  for (; exporter.dropped() == 0 && waited_s < 600; ++waited_s) {
    run_after(1'000);
  }
  EXPECT_EQ(posts.size(), 6U);
  EXPECT_GE(waited_s, 30);
  EXPECT_LE(waited_s, 90);
  reply = {.status = 200};
  exporter.add("{},");
  run_after(1'000);
  EXPECT_EQ(exporter.exported(), 1U);
}

TEST_F(SpanExporterTest, SendsNothingAgainThatWasRefusedForGood) {
  for (const int status : {301, 400, 404, 413, 500, 501}) {
    posts.clear();
    reply = {.status = status};
    exporter.add("{},");
    run_after(1'000);
    run_after(600'000);
    EXPECT_EQ(posts.size(), 1U) << status;
  }
  EXPECT_EQ(exporter.dropped(), 6U);
}

TEST(Collector, ReadsAnEndpoint) {
  const auto told = [](std::string_view endpoint) {
    const auto collector = Collector::parse(endpoint);
    return collector ? collector->host() + " " + collector->port() + " " + collector->target()
                     : std::string("-");
  };
  EXPECT_EQ(told("http://localhost"), "localhost 4318 /v1/traces");
  EXPECT_EQ(told("http://localhost:80/"), "localhost 80 /v1/traces");
  EXPECT_EQ(told("http://otel.example/a/b/"), "otel.example 4318 /a/b/v1/traces");
  EXPECT_EQ(told("http://[::1]:9"), "::1 9 /v1/traces");
  EXPECT_EQ(told("http://[::1]"), "::1 4318 /v1/traces");
  for (const auto* bad : {"", "localhost:4318", "https://a", "http://", "http://:1", "http://a:",
                          "http://a:b", "http://a:123456", "http://a:70000", "http://u@a",
                          "http://a?b", "http://a/\r\nX: y", "http://[::1", "http://::1"}) {
    EXPECT_EQ(told(bad), "-") << bad;
  }
}

}  // namespace
}  // namespace bascule
