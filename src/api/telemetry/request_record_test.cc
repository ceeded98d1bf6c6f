#include "api/telemetry/request_record.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.h"

namespace bascule {
namespace {

RequestRecord scored() {
  RequestRecord record;
  record.ended_us = 1'764'000'000'000'001;
  record.duration_ns = 50'000;
  record.method = "POST";
  record.route = "/v1/models/{name}/score";
  record.path = "/v1/models/a/b/score";
  record.protocol_version = "1.1";
  record.model = "a/b";
  record.version = 7;
  record.digest = "sha256:0";
  record.tag = "production";
  record.rows = 2;
  record.bad_rows = 1;
  record.status = 200;
  record.problems = 1;
  record.principal = "anna";
  record.request_id = "r1";
  record.event_id = "e1";
  record.peer = "[::1]:80";
  record.bytes_in = 10;
  record.bytes_out = 20;
  record.stages = {.wait_ns = 1'000, .parse_ns = 2'000, .score_ns = 3'000, .write_ns = 4'000};
  record.trace.trace_id.fill(0xAB);
  record.trace.span_id.fill(0x01);
  return record;
}

TEST(RequestLine, IsOneLineOfJson) {
  EXPECT_EQ(request_line(scored()),
            R"({"time":"2025-11-24T16:00:00.000001Z","level":"info","method":"POST",)"
            R"("route":"/v1/models/{name}/score","protocol":"1.1","model":"a/b","version":"v7",)"
            R"("digest":"sha256:0","tag":"production","rows":2,"bad_rows":1,"status":200,)"
            R"("problems":1,"principal":"anna","request_id":"r1","event_id":"e1",)"
            R"("trace_id":"abababababababababababababababab","span_id":"0101010101010101",)"
            R"("bytes_in":10,"bytes_out":20,"seconds":5e-05,"wait_seconds":1e-06,)"
            R"("parse_seconds":2e-06,"score_seconds":3e-06,"write_seconds":4e-06,)"
            R"("peer":"[::1]:80"})"
            "\n");
}

// Whatever comes from outside: all of it quotes, not UTF-8, or line feeds.
TEST(RequestLine, FitsAPieceThatAPipeTakesWhole) {
  for (const char c : {'"', '\\', '\n', '\xff', '\x7f'}) {
    const std::string text(100'000, c);
    const std::string id(limits::kRequestIdBytes, '"');
    RequestRecord record = scored();
    record.route = {};
    record.method = record.path = record.model = record.tag = record.principal = text;
    record.request_id = id;
    record.code = "unprocessable";
    record.peer = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
    record.digest = "sha256:56eb0dee77150e701b19737fcb7177c78dcf4591b0f8ac5dba2820e6ee66497d";
    record.event_id = "01a214d5-ca74-7b3f-bd10-c2836144f5de";
    const std::string line = request_line(record);
    EXPECT_LE(line.size(), limits::kRequestLineBytes);
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    EXPECT_TRUE(std::ranges::all_of(
        line, [](char byte) { return byte == '\n' || (byte >= 0x20 && byte < 0x7F); }));
  }
}

TEST(RequestLine, CutsNoCharacterInHalf) {
  RequestRecord record = scored();
  const std::string text = std::string(limits::kRequestTextBytes - 1, 'x') + "\xc3\xa4";
  record.principal = text;
  EXPECT_NE(request_line(record).find("xxx\",\"request_id\""), std::string::npos);
}

TEST(RequestSpans, AreTheServersAndOneForEachStage) {
  SeededRandom random(1);
  RequestRecord record = scored();
  record.parent.emplace().fill(0x02);
  record.trace_state = "a=b";
  record.trace.sampled = true;
  const std::string spans = request_spans(record, random);
  EXPECT_TRUE(spans.starts_with(
      R"({"traceId":"abababababababababababababababab","spanId":"0101010101010101",)"
      R"("traceState":"a=b","parentSpanId":"0202020202020202","flags":1,)"
      R"("name":"POST /v1/models/{name}/score","kind":2,)"
      R"("startTimeUnixNano":"1763999999999951000","endTimeUnixNano":"1764000000000001000",)"
      R"("attributes":[{"key":"http.request.method","value":{"stringValue":"POST"}},)"))
      << spans;
  EXPECT_NE(spans.find(R"({"key":"bascule.rows","value":{"intValue":"2"}})"), std::string::npos);
  EXPECT_NE(spans.find(R"({"key":"client.address","value":{"stringValue":"::1"}})"),
            std::string::npos);
  EXPECT_NE(spans.find(R"("parentSpanId":"0101010101010101","flags":1,"name":"write","kind":1,)"
                       R"("startTimeUnixNano":"1763999999999957000",)"
                       R"("endTimeUnixNano":"1763999999999961000"},)"),
            std::string::npos)
      << spans;
  EXPECT_EQ(spans.find("status\":{"), std::string::npos);
}

TEST(RequestSpans, HaveAStatusWhereTheServerFailed) {
  SeededRandom random(1);
  const auto fails = [&](int status, bool grpc) {
    RequestRecord record = scored();
    record.status = status;
    record.grpc = grpc;
    return request_spans(record, random).find(R"("status":{"code":2})") != std::string::npos;
  };
  for (const int status : {200, 400, 404, 422, 429}) {
    EXPECT_FALSE(fails(status, false)) << status;
    EXPECT_FALSE(fails(status, true)) << status;
  }
  for (const int status : {500, 503, 504}) {
    EXPECT_TRUE(fails(status, false)) << status;
    EXPECT_TRUE(fails(status, true)) << status;
  }
  EXPECT_TRUE(fails(507, false));
  EXPECT_FALSE(fails(507, true));  // RESOURCE_EXHAUSTED
  EXPECT_TRUE(fails(415, true));   // UNIMPLEMENTED
}

}  // namespace
}  // namespace bascule
