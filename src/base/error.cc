#include "base/error.h"

#include <array>

#include "base/assert.h"

namespace bascule {
namespace {

struct Mapping {
  Code code;
  std::string_view name;
  int http;
  int grpc;  // google.rpc.Code
};

// In the order of the enumeration. gRPC has fewer statuses than HTTP, so some repeat; HTTP does
// not repeat, so that a client gets back the code that the server meant.
constexpr std::array kMappings{
    Mapping{Code::kInvalid, "invalid", 400, 3},               // INVALID_ARGUMENT
    Mapping{Code::kUnprocessable, "unprocessable", 422, 3},   // INVALID_ARGUMENT
    Mapping{Code::kUnauthorized, "unauthorized", 401, 16},    // UNAUTHENTICATED
    Mapping{Code::kForbidden, "forbidden", 403, 7},           // PERMISSION_DENIED
    Mapping{Code::kNotFound, "not_found", 404, 5},            // NOT_FOUND
    Mapping{Code::kConflict, "conflict", 409, 9},             // FAILED_PRECONDITION
    Mapping{Code::kMoved, "moved", 412, 10},                  // ABORTED
    Mapping{Code::kNeedsRevision, "needs_revision", 428, 9},  // FAILED_PRECONDITION
    Mapping{Code::kTooLarge, "too_large", 413, 8},            // RESOURCE_EXHAUSTED
    Mapping{Code::kUnsupported, "unsupported", 415, 12},      // UNIMPLEMENTED
    Mapping{Code::kOverloaded, "overloaded", 429, 8},         // RESOURCE_EXHAUSTED
    Mapping{Code::kDeadline, "deadline", 504, 4},             // DEADLINE_EXCEEDED
    Mapping{Code::kUnavailable, "unavailable", 503, 14},      // UNAVAILABLE
    Mapping{Code::kStorageFull, "storage_full", 507, 8},      // RESOURCE_EXHAUSTED
    Mapping{Code::kInternal, "internal", 500, 13},            // INTERNAL
};

const Mapping& mapping(Code code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  BASCULE_ASSERT(index < kMappings.size() && kMappings[index].code == code);
  return kMappings[index];
}

}  // namespace

std::string_view code_name(Code code) noexcept {
  return mapping(code).name;
}
int http_status(Code code) noexcept {
  return mapping(code).http;
}
int grpc_status(Code code) noexcept {
  return mapping(code).grpc;
}

Code code_of_http_status(int status) noexcept {
  for (const auto& entry : kMappings) {
    if (entry.http == status) {
      return entry.code;
    }
  }
  switch (status) {
    case 405:
      return Code::kNotFound;
    case 408:
      return Code::kDeadline;
    case 414:
    case 431:
      return Code::kTooLarge;
    case 417:
    case 501:
    case 505:
      return Code::kUnsupported;
    default:
      return Code::kInternal;
  }
}

}  // namespace bascule
