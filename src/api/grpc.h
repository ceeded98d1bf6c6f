// gRPC's calls: what a body and an answer look like, apart from the messages inside.
//
// A frame is one message behind five bytes: whether it is compressed, and its length. The body of a
// call is one frame, or a stream of them, which is handled frame by frame. The answer is framed in
// the same way; its status and the sentence of an error are trailers, which the HTTP/2 session
// makes out of HttpResponse: a status other than 200 is an error, and its body the sentence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/content_coding.h"
#include "api/handler.h"
#include "base/result.h"

namespace bascule {

// "application/grpc", with or without "+proto" and parameters.
bool is_grpc_type(std::string_view content_type) noexcept;

// The message of a body that is one frame. kInvalid when it is not exactly one plain message.
Result<std::string_view> grpc_message(std::string_view body);

// Cuts the bytes of a stream into frames.
class GrpcFrames {
 public:
  void append(std::string_view bytes);
  // Moves the next frame to `frame`, whole, with its prefix; false, and nothing is moved, while it
  // is not all there. kInvalid for a prefix that is none, kTooLarge for a message that says it has
  // more than `limit` bytes.
  Result<bool> take(std::string& frame, std::size_t limit);
  std::size_t size() const noexcept { return bytes_.size() - taken_; }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;  // of its front
};

// What the answer says it takes.
inline constexpr std::string_view kGrpcAcceptEncoding = "identity,deflate,gzip";
// A body whose message is compressed: with its message plain, and the padding; empty when it came
// plain. kUnsupported for a coding that is not known, kInternal for a message that is said to be
// compressed in a call that names no coding (both as gRPC's specification says), kInvalid for bytes
// that are none of it, kTooLarge for a message of more bytes than the route takes.
Result<std::string> unpacked_grpc_body(HttpHandler& handler, const HttpRequest& request);
// How the answer's messages may be compressed: as the caller compresses its own, if it takes that
// too. That a client could read a compressed message it says in every call, and means nothing by
// it.
Coding grpc_answer_coding(const HttpRequest& request);
// Compresses the answer's frame, when that makes it smaller.
void pack_grpc_frame(Packer& packer, Coding coding, std::string& frame);

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
