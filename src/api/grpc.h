// gRPC's unary calls: what a body and an answer look like, apart from the messages inside.
//
// A body is one message behind five bytes: whether it is compressed, and its length. The answer is
// framed in the same way; its status and the sentence of an error are trailers, which the HTTP/2
// session makes out of HttpResponse: a status other than 200 is an error, and its body the
// sentence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/handler.h"
#include "base/result.h"

namespace bascule {

// "application/grpc", with or without "+proto" and parameters.
bool is_grpc_type(std::string_view content_type) noexcept;

// The message of a body. kInvalid when it is not exactly one, kUnsupported when it is compressed.
Result<std::string_view> grpc_message(std::string_view body);

// An answer's message is appended to `out` between the two.
void begin_grpc_message(std::string& out);
void end_grpc_message(std::string& out);

// "5S", "100m": nanoseconds. kInvalid for a text that is no timeout.
Result<std::int64_t> parse_grpc_timeout(std::string_view text);

void write_grpc_error(HttpResponse& response, int http_status, std::string_view message);

// gRPC's status for an HTTP one; 0 for 200.
int grpc_status_of_http(int status) noexcept;
// As a trailer holds it: percent-encoded, and cut where no header takes more.
std::string grpc_message_text(std::string_view message);

}  // namespace bascule
