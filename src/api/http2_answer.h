// An answer as frames of HTTP/2: its header, its body as the peer's window allows, and what gRPC
// puts behind it.
//
// Nothing here makes bytes: nghttp2 asks for the body when it can send some of it. A submission
// fails only without memory; then nothing is sent, and the stream's deadline is left.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http2_stream.h"

struct nghttp2_session;

namespace bascule {

// Gives nghttp2 the whole answer of the stream, an error of a gRPC call as its trailers.
// `date` of now.
void submit_answer(nghttp2_session* session, Http2Stream& stream, std::string_view date);

// Of a stream of messages: what `stream.response` holds is the next one.
void submit_message(nghttp2_session* session, Http2Stream& stream);
// There is none any more: the stream ends with the status of `stream.response`, and an error's
// sentence.
void submit_end(nghttp2_session* session, Http2Stream& stream);

// Ends the stream with nghttp2's error code: now, whatever is still to be sent or read.
void submit_reset(nghttp2_session* session, const Http2Stream& stream, std::uint32_t error);

}  // namespace bascule
