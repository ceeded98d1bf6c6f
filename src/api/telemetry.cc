#include "api/telemetry.h"

#include <algorithm>

#include "api/call.h"
#include "api/collector.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr int kServerError = 500;  // and beyond

// Sampled once in `every`, this is how the distance to the next one is drawn: evenly from 0 to
// twice the mean.
std::uint64_t random_below(std::uint64_t end, Random& random) noexcept {
  std::uint64_t number = 0;
  random.fill(std::as_writable_bytes(std::span(&number, 1)));
  return number % end;
}

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= limits::kRequestIdBytes &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

// The caller's trace; nothing when it has none, or one that cannot be read.
std::optional<TraceContext> given_trace(const HttpRequest& request, std::string_view text) {
  if (text.empty() || request.count("traceparent") != 1) {
    return std::nullopt;
  }
  return parse_traceparent(text);
}

// Several headers of the name are one list (RFC 9110, section 5.3).
std::string trace_state(const HttpRequest& request) {
  std::string out;
  for (const HttpHeader& header : request.headers) {
    if (same_token(header.name, "tracestate")) {
      out.append(out.empty() ? "" : ",").append(header.value);
    }
  }
  return out;
}

std::optional<RequestRecord::Stages> stages_of(const Telemetry::Notes& notes) noexcept {
  if (notes.times.complete_ns == 0) {
    return std::nullopt;
  }
  return RequestRecord::Stages{.wait_ns = notes.wait_ns,
                               .parse_ns = notes.times.ns(0) - notes.wait_ns,
                               .score_ns = notes.times.ns(1),
                               .write_ns = notes.times.ns(2)};
}

std::string_view protocol_version(const HttpRequest& request) noexcept {
  if (request.http_2) {
    return "2";
  }
  return request.http_1_1 ? "1.1" : "1.0";
}

void add_scoring(RequestRecord& record, const Telemetry::Notes& notes) {
  record.stages = stages_of(notes);
  record.rows = notes.rows;
  record.bad_rows = notes.bad_rows;
  if (notes.set != nullptr) {
    record.model = notes.set->model;
  }
  if (notes.tag != nullptr) {
    record.version = notes.tag->live->version;
    record.digest = notes.tag->live->digest;
    record.tag = notes.tag->tag;
  }
}

RequestRecord record_of(Call& call, std::span<const Route> routes) {
  const HttpRequest& request = call.request;
  const HttpResponse& response = call.response();
  RequestRecord record;
  record.method = method_name(request.method);
  record.route = call.route < routes.size() ? routes[call.route].pattern : "other";
  record.path = request.path;
  record.protocol_version = protocol_version(request);
  record.grpc = request.grpc;
  record.model = call.parts.name;
  add_scoring(record, call.notes);
  record.status = response.status;
  record.code = call.notes.code;
  if (record.code.empty() && response.status >= 400) {
    record.code = code_name(code_of_http_status(response.status));
  }
  record.problems = call.notes.problems;
  record.principal = call.actor;
  record.peer = request.peer;
  record.bytes_in = request.body.size();
  record.bytes_out = response.body.size();
  return record;
}

}  // namespace

Status Telemetry::open(const TelemetryOptions& options, std::string_view version, bool secure) {
  options_ = options;
  secure_ = secure;
  if (options.log) {
    BASCULE_TRY(log_, RequestLog::open(*options.log, thread_executor("bascule-log")));
  }
  if (!options.collector.empty()) {
    BASCULE_TRY(auto collector, Collector::parse(options.collector));
    spans_ = std::make_unique<SpanExporter>(
        version,
        [collector = std::move(collector)](std::string_view body, std::int64_t timeout_ms) {
          return collector.post(body, timeout_ms);
        },
        thread_executor("bascule-spans", true));
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

bool Sampler::draw(Random& random) noexcept {
  left_ = random_below(2 * std::uint64_t{every_} - 1, random);
  return true;
}

RequestObserver::RequestObserver(const Telemetry* telemetry, Random& random) noexcept
    : telemetry_(telemetry),
      random_(random),
      lines_(telemetry != nullptr && telemetry->log_ ? telemetry->options_.log_every : 0),
      traces_(telemetry != nullptr && telemetry->spans_ ? telemetry->options_.trace_every : 0) {}

bool RequestObserver::wants_line(int status) noexcept {
  const bool sampled = lines_.take(random_);
  return sampled || (status >= kServerError && telemetry_ != nullptr && telemetry_->log_);
}

void RequestObserver::ended(Call& call, const Clock& clock, std::int64_t duration_ns) {
  const HttpRequest& request = call.request;
  HttpResponse& response = call.response();
  const std::string_view id = request.header("x-request-id");
  if (is_request_id(id)) {
    response.headers.emplace_back("X-Request-Id", id);
  }
  const std::string_view caller = request.header("traceparent");
  const bool line = wants_line(response.status);
  const auto given = given_trace(request, caller);
  const bool begins = !given && traces_.take(random_);
  if (caller.empty() && !line && !begins) {
    return;
  }
  TraceContext trace;
  if (given) {
    trace = *given;
  } else {
    trace.trace_id = new_trace_id(random_);
    trace.flags = begins ? TraceContext::kSampled : 0;
  }
  trace.span_id = new_span_id(random_);
  const std::string state = given ? trace_state(request) : std::string();
  response.headers.emplace_back("traceparent", format_traceparent(trace));
  if (!state.empty()) {
    response.headers.emplace_back("tracestate", state);
  }
  const bool spans = telemetry_ != nullptr && telemetry_->spans_ && trace.sampled();
  if (!line && !spans) {
    return;
  }
  RequestRecord record = record_of(call, telemetry_->routes_);
  record.ended_us = clock.now_us();
  record.duration_ns = duration_ns;
  record.secure = telemetry_->secure_;
  record.request_id = id;
  record.trace = trace;
  record.trace_state = state;
  if (given) {
    record.parent = given->span_id;
  }
  if (line) {
    telemetry_->log_->add(request_line(record));
  }
  if (spans) {
    telemetry_->spans_->add(request_spans(record, random_));
  }
}

void RequestObserver::refused(int status, std::string_view peer, const Clock& clock) {
  if (!wants_line(status)) {
    return;
  }
  RequestRecord record;
  record.ended_us = clock.now_us();
  record.route = "other";
  record.status = status;
  record.code = refusal_code(status);
  record.peer = peer;
  record.trace.trace_id = new_trace_id(random_);
  record.trace.span_id = new_span_id(random_);
  telemetry_->log_->add(request_line(record));
}

}  // namespace bascule
