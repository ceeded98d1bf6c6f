#include "api/telemetry/telemetry.h"

#include <algorithm>

#include "api/call.h"
#include "api/http_session.h"
#include "api/telemetry/collector.h"
#include "base/limits.h"

namespace bascule {
namespace {

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= limits::kRequestIdBytes &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

// The trace of a request, in which this server has a span.
struct Trace {
  TraceContext context;
  std::optional<SpanId> parent;  // of a caller
  std::string state;
};

// The caller's trace; nothing when it has none, or one that cannot be read.
std::optional<Trace> given_trace(const HttpRequest& request, std::string_view traceparent,
                                 Random& random) {
  const auto given = parse_traceparent(traceparent);
  if (!given || request.count("traceparent") != 1) {
    return std::nullopt;
  }
  Trace trace{.context = *given, .parent = given->span_id, .state = {}};
  trace.context.span_id = new_span_id(random);
  // Several headers of the name are one list (RFC 9110, section 5.3).
  for (const HttpHeader& header : request.headers) {
    if (same_token(header.name, "tracestate")) {
      trace.state.append(trace.state.empty() ? "" : ",").append(header.value);
    }
  }
  if (!is_tracestate(trace.state)) {
    trace.state.clear();
  }
  return trace;
}

TraceContext new_trace(bool sampled, Random& random) {
  return {.trace_id = new_trace_id(random), .span_id = new_span_id(random), .sampled = sampled};
}

std::string_view protocol_version(const HttpRequest& request) noexcept {
  if (request.http_2) {
    return "2";
  }
  return request.http_1_1 ? "1.1" : "1.0";
}

void add_scoring(RequestRecord& record, const CallNotes& notes) {
  if (notes.set == nullptr) {
    return;
  }
  record.model = notes.set->model;
  record.version = notes.tag->live->version;
  record.digest = notes.tag->live->digest;
  record.tag = notes.tag->tag;
  record.rows = notes.rows;
  record.bad_rows = notes.bad_rows;
  record.event_id = notes.event_id;
  record.stages = RequestRecord::Stages{.wait_ns = notes.wait_ns,
                                        .parse_ns = notes.times.ns(0) - notes.wait_ns,
                                        .score_ns = notes.times.ns(1),
                                        .write_ns = notes.times.ns(2)};
}

RequestRecord record_of(Call& call, std::span<const Route> routes) {
  const HttpRequest& request = call.request;
  const HttpResponse& response = call.response();
  RequestRecord record;
  record.method = request.method_text;
  record.path = request.path;
  record.protocol_version = protocol_version(request);
  record.grpc = request.grpc;
  if (call.route < routes.size()) {
    record.route = routes[call.route].pattern;
    record.model = call.parts.name;
  }
  add_scoring(record, call.notes);
  record.status = response.status;
  record.code = call.notes.code;
  record.problems = call.notes.problems;
  record.principal = call.actor;
  record.peer = request.peer;
  record.bytes_in = request.body.size();
  record.bytes_out = response.body.size();
  return record;
}

}  // namespace

Status Telemetry::open(const TelemetryOptions& options, std::string_view version, bool secure,
                       Random& random) {
  options_ = options;
  secure_ = secure;
  if (!options.request_log.empty()) {
    BASCULE_TRY(log_, RequestLog::open(options.request_log, thread_executor("bascule-log")));
  }
  if (!options.trace_endpoint.empty()) {
    BASCULE_TRY(auto collector, Collector::parse(options.trace_endpoint));
    spans_ = std::make_unique<SpanExporter>(
        SpanExporter::Resource{.version = std::string(version), .instance = options.instance},
        [collector = std::move(collector)](std::string_view body, std::int64_t timeout_ms) {
          return collector.post(body, timeout_ms);
        },
        random, thread_executor("bascule-spans", true));
  }
  return {};
}

Status Telemetry::reopen() {
  return log_ ? log_->reopen() : Status();
}

TelemetryCounts Telemetry::counts() const {
  TelemetryCounts counts;
  if (log_) {
    counts.lines = log_->written();
    counts.lines_dropped = log_->dropped();
  }
  if (spans_) {
    counts.traces = spans_->exported();
    counts.traces_dropped = spans_->dropped();
  }
  return counts;
}

// Evenly from 0 to twice the mean.
void Sampler::draw(Random& random) noexcept {
  if (every_ > 0) {
    random.fill(std::as_writable_bytes(std::span(&left_, 1)));
    left_ %= 2 * std::uint64_t{every_} - 1;
  }
}

RequestObserver::RequestObserver(const Telemetry& telemetry, Random& random) noexcept
    : telemetry_(telemetry),
      random_(random),
      lines_(telemetry.log_ ? telemetry.options_.request_log_every : 0, random),
      traces_(telemetry.spans_ ? telemetry.options_.trace_every : 0, random) {}

// Those who were sent away because there is too much to do are many, and are not the ones to blame.
bool RequestObserver::wants_line(int status, std::string_view code) noexcept {
  const bool sampled = lines_.take(random_);
  const bool failed = status >= 400 && code != code_name(Code::kOverloaded);
  return telemetry_.log_ && (sampled || failed);
}

void RequestObserver::ended(Call& call, const Clock& clock, std::int64_t duration_ns) {
  const HttpRequest& request = call.request;
  HttpResponse& response = call.response();
  if (response.status >= 400 && call.notes.code.empty()) {
    call.notes.code = code_name(code_of_http_status(response.status));
  }
  const std::string_view id = request.header("x-request-id");
  const std::string_view traceparent = request.header("traceparent");
  const bool line = wants_line(response.status, call.notes.code);
  auto trace = given_trace(request, traceparent, random_);
  const bool begins = !trace && traces_.take(random_);
  if (is_request_id(id)) {
    response.headers.emplace_back("X-Request-Id", id);
  }
  if (traceparent.empty() && !line && !begins) {
    return;
  }
  if (!trace) {
    trace = Trace{.context = new_trace(begins, random_), .parent = {}, .state = {}};
  }
  response.headers.emplace_back("traceparent", format_traceparent(trace->context));
  if (!trace->state.empty()) {
    response.headers.emplace_back("tracestate", trace->state);
  }
  const bool spans = telemetry_.spans_ && trace->context.sampled;
  if (!line && !spans) {
    return;
  }
  RequestRecord record = record_of(call, telemetry_.routes_);
  record.ended_us = clock.now_us();
  record.duration_ns = duration_ns;
  record.secure = telemetry_.secure_;
  record.request_id = is_request_id(id) ? id : std::string_view();
  record.trace = trace->context;
  record.parent = trace->parent;
  record.trace_state = trace->state;
  if (line) {
    telemetry_.log_->add(request_line(record));
  }
  if (spans) {
    telemetry_.spans_->add(request_spans(record, random_));
  }
}

void RequestObserver::refused(int status, std::string_view peer, const Clock& clock) {
  const std::string_view code = refusal_code(status);
  if (!wants_line(status, code)) {
    return;
  }
  RequestRecord record;
  record.ended_us = clock.now_us();
  record.status = status;
  record.code = code;
  record.peer = peer;
  record.trace = new_trace(false, random_);
  telemetry_.log_->add(request_line(record));
}

}  // namespace bascule
