#include "api/http2_answer.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "api/grpc.h"

namespace bascule {
namespace {

using Headers = std::vector<nghttp2_nv>;

nghttp2_nv header(std::string_view name, std::string_view value) noexcept {
  // nghttp2 takes bytes that it promises to copy.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Adds the answer's own headers, whose names HTTP/2 wants in lower case: what is returned holds
// them.
std::vector<std::string> add_headers(Headers& headers, const HttpResponse& response) {
  std::vector<std::string> names;
  names.reserve(response.headers.size());
  for (const auto& [name, value] : response.headers) {
    std::string& lower = names.emplace_back(name);
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    headers.push_back(header(lower, value));
  }
  return names;
}

void add_grpc_headers(Headers& headers, const Http2Stream& stream) {
  headers.push_back(header(":status", "200"));
  headers.push_back(header("content-type", "application/grpc"));
  headers.push_back(header("grpc-accept-encoding", kGrpcAcceptEncoding));
  if (stream.answer_coding != Coding::kIdentity) {
    headers.push_back(header("grpc-encoding", coding_name(stream.answer_coding)));
  }
}

void add_trailers(Headers& headers, const Http2Stream& stream) {
  headers.push_back(header("grpc-status", stream.grpc_status));
  if (!stream.grpc_message.empty()) {
    headers.push_back(header("grpc-message", stream.grpc_message));
  }
}

ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* out, std::size_t size,
                  std::uint32_t* flags, nghttp2_data_source* source, void* /*user*/) {
  Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
  if (stream.owed) {
    return NGHTTP2_ERR_DEFERRED;  // the next message is being written, perhaps by another thread
  }
  const std::string& body = stream.response.body;
  const std::size_t count = std::min(size, body.size() - stream.sent);
  std::copy_n(body.data() + stream.sent, count, out);
  stream.sent += count;
  if (stream.sent < body.size()) {
    return static_cast<ssize_t>(count);
  }
  if (!stream.submitted) {  // another message may come
    return count == 0 ? ssize_t{NGHTTP2_ERR_DEFERRED} : static_cast<ssize_t>(count);
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream.request.grpc) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    Headers trailers;
    add_trailers(trailers, stream);
    if (nghttp2_submit_trailer(session, id, trailers.data(), trailers.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
  }
  return static_cast<ssize_t>(count);
}

void submit(nghttp2_session* session, Http2Stream& stream, const Headers& headers, bool has_body) {
  nghttp2_data_provider body{};
  body.source.ptr = &stream;
  body.read_callback = read_body;
  static_cast<void>(nghttp2_submit_response(session, stream.id, headers.data(), headers.size(),
                                            has_body ? &body : nullptr));
}

// gRPC's status for the answer's, and an error's sentence, which is no message.
void take_grpc_status(Http2Stream& stream) {
  HttpResponse& response = stream.response;
  stream.grpc_status = std::to_string(grpc_status_of_http(response.status));
  if (response.status != 200) {
    stream.grpc_message = grpc_message_text(response.body);
    response.body.clear();
    stream.sent = 0;
  }
}

void submit_grpc(nghttp2_session* session, Http2Stream& stream) {
  take_grpc_status(stream);
  Headers headers;
  add_grpc_headers(headers, stream);
  const auto names = add_headers(headers, stream.response);
  const bool has_message = stream.response.status == 200 && !stream.streaming;
  if (!has_message) {
    add_trailers(headers, stream);
  }
  submit(session, stream, headers, has_message);
}

void submit_http(nghttp2_session* session, Http2Stream& stream, std::string_view date) {
  const HttpResponse& response = stream.response;
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  Headers headers{header(":status", status), header("date", date),
                  header("content-length", length)};
  if (!response.content_type.empty()) {
    headers.push_back(header("content-type", response.content_type));
  }
  const auto names = add_headers(headers, response);
  const bool has_body = stream.request.method != Method::kHead && !response.body.empty();
  submit(session, stream, headers, has_body);
}

}  // namespace

void submit_answer(nghttp2_session* session, Http2Stream& stream, std::string_view date) {
  if (stream.request.grpc) {
    submit_grpc(session, stream);
  } else {
    submit_http(session, stream, date);
  }
}

void submit_message(nghttp2_session* session, Http2Stream& stream) {
  if (stream.begun) {
    static_cast<void>(nghttp2_session_resume_data(session, stream.id));
    return;
  }
  stream.begun = true;
  Headers headers;
  add_grpc_headers(headers, stream);
  const auto names = add_headers(headers, stream.response);
  submit(session, stream, headers, true);
}

void submit_end(nghttp2_session* session, Http2Stream& stream) {
  if (!stream.begun) {
    submit_grpc(session, stream);
    return;
  }
  take_grpc_status(stream);
  static_cast<void>(nghttp2_session_resume_data(session, stream.id));
}

void submit_reset(nghttp2_session* session, const Http2Stream& stream, std::uint32_t error) {
  static_cast<void>(nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream.id, error));
}

}  // namespace bascule
