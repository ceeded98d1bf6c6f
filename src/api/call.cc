#include "api/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>

#include "api/error_json.h"
#include "api/grpc.h"
#include "base/limits.h"

namespace bascule {
namespace {

// Clients that were told to come back later should not all come back at once.
std::string retry_after(const Clock& clock) {
  return std::to_string(1 + clock.monotonic_ns() / 1000 % 3);
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// Of a stream: what ends it concerns all of its messages.
bool concerns_one_message(Code code) noexcept {
  return code != Code::kUnauthorized && code != Code::kForbidden && code != Code::kDeadline;
}

}  // namespace

void ThreadState::finish_answers() {
  for (Finished& one : finished) {
    answerer.finish(std::move(one.set), std::move(one.answer), std::move(one.batch),
                    std::move(one.actor), one.latency_us);
  }
  finished.clear();
}

void send_answer(Call& call, const Clock& clock) {
  // One that scored has just looked at the clock.
  const std::int64_t scored_ns = call.notes.times.end_ns.back();
  const std::int64_t ns =
      (scored_ns != 0 ? scored_ns : clock.monotonic_ns()) - call.request.started_ns;
  call.thread->metrics.add_request(call.route, call.response().status, ns / 1000);
  call.thread->observer.ended(call, clock, ns);
  call.responder.send();
}

void write_failure(const HttpRequest& request, Role role, HttpResponse& response,
                   const Error& error, const Services& services) {
  const bool terse = services.terse_errors && role == Role::kScorer;
  const std::string_view message = terse ? terse_message(error) : std::string_view(error.message);
  const auto problems = terse ? std::span<const RowProblem>() : std::span(error.problems);
  const int status = http_status(error.code);
  if (request.grpc) {
    write_grpc_error(response, status, message);
    return;
  }
  write_error_at(request.path, response, status, code_name(error.code), message, problems);
  if (error.code == Code::kOverloaded || error.code == Code::kUnavailable) {
    response.headers.emplace_back("Retry-After", retry_after(services.clock));
  }
  if (error.code == Code::kUnauthorized) {
    const bool given = !request.header("authorization").empty();
    response.headers.emplace_back(
        "WWW-Authenticate",
        given ? R"(Bearer realm="bascule", error="invalid_token")" : R"(Bearer realm="bascule")");
  }
}

void send_error(Call& call, const Error& error, const Services& services) {
  HttpResponse& response = call.response();
  write_failure(call.request, call.role, response, error, services);
  call.notes.code = code_name(error.code);
  call.notes.problems = std::max(call.notes.problems, error.problems.size());
  if (call.write_failed != nullptr && concerns_one_message(error.code)) {
    const std::string sentence = std::exchange(response.body, {});
    begin_grpc_message(response.body);
    call.write_failed(response.body, grpc_message(call.request.body).value_or(std::string_view()),
                      grpc_status(error.code), sentence);
    end_grpc_message(response.body);
    response.goes_on = true;
  }
  send_answer(call, services.clock);
}

Result<std::int64_t> deadline_of(const HttpRequest& request) {
  const auto text = request.header(request.grpc ? "grpc-timeout" : "x-request-timeout-ms");
  if (text.empty()) {
    return 0;
  }
  std::int64_t ns = 0;
  if (request.grpc) {
    BASCULE_TRY(ns, parse_grpc_timeout(text));
  } else {
    const auto ms = whole_number(text);
    if (!ms || *ms <= 0 || *ms > limits::kRequestTimeoutMs) {
      return fail(Code::kInvalid, "X-Request-Timeout-Ms must be a whole number from 1 to {}",
                  limits::kRequestTimeoutMs);
    }
    ns = *ms * 1'000'000;
  }
  const std::int64_t began =
      request.call_began_ns != 0 ? request.call_began_ns : request.started_ns;
  return ns > INT64_MAX - began ? INT64_MAX : began + ns;
}

Status check_deadline(const Call& call, const Clock& clock) {
  if (call.deadline_ns != 0 && clock.monotonic_ns() >= call.deadline_ns) {
    return fail(Code::kDeadline, "the deadline of the call passed before its work began");
  }
  if (!call.responder.wanted()) {
    return fail(Code::kDeadline, "the caller went away before the work of the call began");
  }
  return {};
}

Result<std::optional<std::int64_t>> expected_revision(const HttpRequest& request) {
  auto match = request.header("if-match");
  const auto none_match = request.header("if-none-match");
  if (!match.empty() && !none_match.empty()) {
    return fail(Code::kInvalid, "send If-Match or If-None-Match, not both");
  }
  if (!none_match.empty()) {
    if (none_match != "*") {
      return fail(Code::kInvalid, "If-None-Match must be *: the tag must not exist yet");
    }
    return std::optional<std::int64_t>(0);
  }
  if (match.empty()) {
    return std::optional<std::int64_t>();
  }
  if (match.size() >= 2 && match.front() == '"' && match.back() == '"') {
    match = match.substr(1, match.size() - 2);
  }
  const auto revision = whole_number(match);
  if (!revision || *revision < 0) {
    return fail(Code::kInvalid,
                "If-Match must be the tag's revision, as its ETag says, e.g. \"42\"");
  }
  return revision;
}

Result<std::int64_t> query_integer(const HttpRequest& request, std::string_view name,
                                   std::int64_t otherwise, std::int64_t high) {
  BASCULE_TRY(const auto text, query_value(request.query, name));
  if (text.empty()) {
    return otherwise;
  }
  const auto number = whole_number(text);
  if (!number || *number < 0 || *number > high) {
    return fail(Code::kInvalid, "the query parameter '{}' must be a number from 0 to {}", name,
                high);
  }
  return *number;
}

Result<Version> find_version(Catalog& catalog, const std::string& model, std::string_view text) {
  BASCULE_TRY(const auto selector, parse_version_selector(text));
  if (const auto* pin = std::get_if<VersionPin>(&selector)) {
    return catalog.get_version(model, pin->number);
  }
  if (const auto* pin = std::get_if<DigestPin>(&selector)) {
    return catalog.find_version(model, pin->digest);
  }
  BASCULE_TRY(const auto tag, catalog.get_tag(model, std::get_if<TagName>(&selector)->tag));
  return catalog.get_version(model, tag.version);
}

}  // namespace bascule
