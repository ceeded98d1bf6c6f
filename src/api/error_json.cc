#include "api/error_json.h"

#include <algorithm>
#include <string>

#include "base/json_writer.h"

namespace bascule {
namespace {

void write_problem_members(JsonWriter& json, const RowProblem& problem) {
  json.key("code").string(problem.code);
  if (!problem.column.empty()) {
    json.key("column").string(problem.column);
  }
  json.key("message").string(problem.message);
  if (!problem.expected.empty()) {
    json.key("expected").string(problem.expected);
  }
  if (!problem.got.empty()) {
    json.key("got").string(problem.got);
  }
  if (!problem.did_you_mean.empty()) {
    json.key("did_you_mean").string(problem.did_you_mean);
  }
}

void write_error_members(JsonWriter& json, std::string_view code, std::string_view message,
                         std::span<const RowProblem> problems) {
  json.key("error").string(message);
  json.key("code").string(code);
  if (problems.empty()) {
    return;
  }
  json.key("errors").array([&] {
    for (const RowProblem& problem : problems) {
      json.object([&] {
        json.key("row").integer(static_cast<std::int64_t>(problem.row));
        write_problem_members(json, problem);
      });
    }
  });
}

}  // namespace

void write_error(HttpResponse& response, int status, std::string_view code,
                 std::string_view message, std::span<const RowProblem> problems) {
  response.status = status;
  response.content_type = "application/json";
  response.body.clear();
  JsonWriter json(response.body);
  json.object([&] { write_error_members(json, code, message, problems); });
}

void write_problem(HttpResponse& response, int status, std::string_view code,
                   std::string_view message, std::span<const RowProblem> problems) {
  response.status = status;
  response.content_type = kProblemType;
  response.body.clear();
  JsonWriter json(response.body);
  json.object([&] {
    write_error_members(json, code, message, problems);
    write_rfc9457_members(json, status, code, message);
  });
}

void write_error_at(std::string_view path, HttpResponse& response, int status,
                    std::string_view code, std::string_view message,
                    std::span<const RowProblem> problems) {
  if (path.starts_with("/v1/")) {
    write_problem(response, status, code, message, problems);
  } else {
    write_error(response, status, code, message, problems);
  }
}

void write_rfc9457_members(JsonWriter& json, int status, std::string_view code,
                           std::string_view message) {
  std::string title(code);
  std::ranges::replace(title, '_', ' ');
  json.key("type").string("urn:bascule:error:" + std::string(code));
  json.key("title").string(title);
  json.key("status").integer(status);
  json.key("detail").string(message);
}

void write_row_problem(JsonWriter& json, const RowProblem& problem) {
  json.object([&] { write_problem_members(json, problem); });
}

std::string_view terse_message(const Error& error) noexcept {
  switch (error.code) {
    case Code::kInvalid:
    case Code::kUnsupported:
      return "the request is not valid";
    case Code::kUnprocessable:
      return "no row of the request can be scored";
    case Code::kNotFound:
      return "there is nothing of that name";
    case Code::kConflict:
      return "not in the state that was asked for";
    default:
      return error.message;
  }
}

}  // namespace bascule
