// What a request tells when it ends: as a line of the request log, and as spans of a trace.
//
// Neither holds bodies or values of features. Texts from outside are cut, and what could break a
// line or a reader is escaped or replaced.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/telemetry/trace_context.h"
#include "base/clock.h"
#include "base/random.h"

namespace bascule {

// All views are borrowed; an empty one is left out.
struct RequestRecord {
  TimeUs ended_us = 0;
  std::int64_t duration_ns = 0;  // from the last byte of the request
  std::string_view method;       // as sent
  std::string_view route;        // the pattern; empty for what is not there
  std::string_view path;         // as sent, without the query
  std::string_view protocol_version;
  bool secure = false;
  bool grpc = false;
  std::string_view model;
  std::int64_t version = 0;  // 0: none
  std::string_view digest;
  std::string_view tag;
  std::size_t rows = 0;
  std::size_t bad_rows = 0;
  int status = 0;         // HTTP's, also of gRPC calls
  std::string_view code;  // of an error
  std::size_t problems = 0;
  std::string_view principal;
  std::string_view request_id;  // the caller's
  std::string_view event_id;    // of the first row, in the score log
  std::string_view peer;        // "127.0.0.1:51324"
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
  // How long it waited for a thread, was read, scored and written; there for what scores rows.
  struct Stages {
    std::int64_t wait_ns = 0;
    std::int64_t parse_ns = 0;
    std::int64_t score_ns = 0;
    std::int64_t write_ns = 0;
  };
  std::optional<Stages> stages;
  TraceContext trace;            // with this server's span
  std::optional<SpanId> parent;  // the caller's span
  std::string_view trace_state;
};

// One line of JSON with its line feed, at most limits::kRequestLineBytes.
std::string request_line(const RequestRecord& record);

// The spans of OTLP's JSON, each with a comma behind it: the server's, and one for each stage. With
// the attributes of OpenTelemetry's conventions for HTTP and RPC servers, version 1.27.
std::string request_spans(const RequestRecord& record, Random& random);

}  // namespace bascule
