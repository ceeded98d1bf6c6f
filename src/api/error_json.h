// Errors as JSON: one form for every face, and the members of a problem of RFC 9457 under /v1.
#pragma once

#include <span>
#include <string_view>

#include "api/handler.h"
#include "base/error.h"

namespace bascule {
class JsonWriter;  // base/json_writer.h

// {"error":message,"code":code,"errors":[...]}; the list where there are problems of rows.
void write_error(HttpResponse& response, int status, std::string_view code,
                 std::string_view message, std::span<const RowProblem> problems = {});

// The same members, and "type", "title", "status" and "detail" of RFC 9457.
void write_problem(HttpResponse& response, int status, std::string_view code,
                   std::string_view message, std::span<const RowProblem> problems = {});

// The one that the request's path asks for: a problem under /v1.
void write_error_at(std::string_view path, HttpResponse& response, int status,
                    std::string_view code, std::string_view message,
                    std::span<const RowProblem> problems = {});

inline constexpr std::string_view kProblemType = "application/problem+json";

// Those four, for an object that has more to say.
void write_rfc9457_members(JsonWriter& json, int status, std::string_view code,
                           std::string_view message);

// {"code","column","message","expected","got","did_you_mean"}: those that are there.
void write_row_problem(JsonWriter& json, const RowProblem& problem);

// What stays of a sentence for a caller who must not learn which models, columns or outputs there
// are; the sentence itself where it tells nothing of the kind.
std::string_view terse_message(const Error& error) noexcept;

}  // namespace bascule
