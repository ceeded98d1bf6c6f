// An error: a code that a machine acts on, and one sentence for the person on call.
//
// The codes are few. Each maps to one HTTP and one gRPC status in error.cc and nowhere else, so
// that every face of the service answers the same failure in the same way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule {

enum class Code : std::uint8_t {
  kInvalid,        // the input is wrong: a package, a row, a parameter (HTTP 400)
  kUnprocessable,  // the request is well formed, and every row of it is bad (HTTP 422)
  kUnauthorized,   // nobody known is asking (HTTP 401)
  kForbidden,      // known, but not allowed (HTTP 403)
  kNotFound,       // no such model, version, tag, route (HTTP 404)
  kConflict,       // it exists already, or is not in the state that was asked for (HTTP 409)
  kMoved,          // compare-and-swap: the tag moved in between (HTTP 412)
  kNeedsRevision,  // a protected tag wants an If-Match header (HTTP 428)
  kTooLarge,       // a limit of base/limits.h (HTTP 413)
  kUnsupported,    // a media type, an operator, a version that this build does not know (HTTP 415)
  kOverloaded,     // try again later (HTTP 429)
  kDeadline,       // the caller's own deadline passed before the work began (HTTP 504)
  kUnavailable,    // loading, draining, or a store is down (HTTP 503)
  kStorageFull,    // the disk is full (HTTP 507)
  kInternal,       // our own mistake (HTTP 500)
};

// One thing that is wrong with one row of a request.
struct RowProblem {
  std::string code;          // "missing", "wrong_type", "unknown_column", ...: docs/errors.md
  std::string column = {};   // empty: not one column
  std::string message = {};  // one sentence
  std::string expected =
      {};                // "a number"; this and what follows: empty where there is no such thing
  std::string got = {};  // "the text \"abc\""
  std::string did_you_mean = {};
  std::size_t row = 0;  // of the request
};

struct Error {
  Code code = Code::kInternal;
  std::string message;  // one sentence: what, where, what was expected, what to do
  std::vector<RowProblem> problems = {};  // what the sentence sums up, where it is about rows
};

// The name as it stands in JSON answers and logs, e.g. "not_found".
std::string_view code_name(Code code) noexcept;
int http_status(Code code) noexcept;
int grpc_status(Code code) noexcept;
// The code behind an HTTP status, for clients and for gRPC; the nearest one for the statuses that
// only the framing of requests gives, kInternal for others.
Code code_of_http_status(int status) noexcept;

}  // namespace bascule
