#include "api/http2_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/grpc.h"
#include "base/limits.h"

namespace bascule {
namespace {

// What RFC 9113, section 6.5.2, counts for a field besides its text.
constexpr std::size_t kFieldBytes = 32;
constexpr std::size_t kPseudoHeaders = 4;

Method method_of(std::string_view text) noexcept {
  for (const Method method :
       {Method::kGet, Method::kHead, Method::kPost, Method::kPut, Method::kDelete}) {
    if (text == method_name(method)) {
      return method;
    }
  }
  return Method::kOther;
}

}  // namespace

void Http2Stream::add_header(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + kFieldBytes;
  if (header_bytes_ > limits::kHttpHeaderBytes ||
      pieces_.size() == limits::kHttpHeaders + kPseudoHeaders) {
    too_large_ = true;
    return;
  }
  pieces_.push_back({text_.size(), name.size(), text_.size() + name.size(), value.size()});
  text_.append(name).append(value);
}

std::optional<Http2Stream::Problem> Http2Stream::finish_header() {
  header_done = true;
  std::string_view target;
  std::string_view authority;
  headers_.reserve(pieces_.size());
  for (const Piece& piece : pieces_) {
    const auto name = text(piece.name, piece.name_size);
    const auto value = text(piece.value, piece.value_size);
    if (name == ":method") {
      request.method_text = value;
      request.method = method_of(value);
    } else if (name == ":path") {
      target = value;
    } else if (name == ":authority") {
      authority = value;
    } else if (!name.starts_with(':')) {
      headers_.push_back({name, value});
    }
  }
  if (!authority.empty()) {
    headers_.insert(headers_.begin(), {"host", authority});
  }
  request.headers = headers_;
  request.http_2 = true;
  request.peer = *peer_;
  request.grpc = request.method == Method::kPost && is_grpc_type(request.header("content-type"));
  if (too_large_) {
    return Problem{431, fmt::format("the header is too large: at most {} bytes and {} fields are "
                                    "taken",
                                    limits::kHttpHeaderBytes, limits::kHttpHeaders)};
  }
  if (request.count("host") == 0) {
    return Problem{400, "the request names no host (:authority)"};
  }
  if (auto problem = take_target(target)) {
    return problem;
  }
  // nghttp2 has checked its form, and compares it with the bytes that come.
  const auto length = request.header("content-length");
  std::from_chars(length.data(), length.data() + length.size(), content_length);
  return std::nullopt;
}

std::optional<Http2Stream::Problem> Http2Stream::take_target(std::string_view target) {
  if (target.size() > limits::kHttpTargetBytes) {
    return Problem{414, fmt::format("the path has {} bytes; at most {} are taken", target.size(),
                                    limits::kHttpTargetBytes)};
  }
  if (!target.starts_with('/')) {
    return Problem{400, "the path must begin with a slash"};
  }
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  return std::nullopt;
}

Status Http2Stream::finish_body(HttpHandler& handler) {
  body.append(kBodyPadding, '\0');
  show_body();
  BASCULE_TRY(auto unpacked, request.grpc ? unpacked_grpc_body(handler, request)
                                          : unpacked_body(handler, request));
  if (!unpacked.empty()) {
    body = std::move(unpacked);
    show_body();
  }
  return {};
}

void Http2Stream::show_body() noexcept {
  request.body = std::string_view(body).substr(0, body.size() - kBodyPadding);
}

void Http2Stream::answered() {
  const auto owner = owner_.lock();
  if (!owner) {
    return;
  }
  if (owner->on_loop_thread() && in_handler) {
    answered_in_handler = true;
    return;
  }
  owner->post([self = shared_from_this()] {
    if (self->open) {
      self->submit(*self);
    }
  });
}

bool Http2Streams::close(std::int32_t id) {
  const auto found = std::ranges::find(streams_, id, &Http2Stream::id);
  if (found == streams_.end()) {
    return false;
  }
  (*found)->open = false;
  held_bytes_ -= (*found)->held;
  std::swap(*found, streams_.back());
  streams_.pop_back();
  return true;
}

void Http2Streams::close_all() {
  for (const auto& stream : streams_) {
    stream->open = false;
  }
}

const Http2Stream* Http2Streams::oldest_waiting() const noexcept {
  const Http2Stream* oldest = nullptr;
  for (const auto& stream : streams_) {
    if (stream->waits_for_peer() && (oldest == nullptr || stream->since_ns < oldest->since_ns)) {
      oldest = stream.get();
    }
  }
  return oldest;
}

bool Http2Streams::owes_answer() const noexcept {
  return std::ranges::any_of(streams_, [](const auto& stream) { return stream->owed; });
}

bool Http2Streams::has_streaming() const noexcept {
  return std::ranges::any_of(streams_, [](const auto& stream) { return stream->streaming; });
}

void Http2Streams::count_bytes(Http2Stream& stream) {
  held_bytes_ -= stream.held;
  stream.held = stream.body.size() + stream.frames.size();
  held_bytes_ += stream.held;
}

bool Http2Streams::may_hold(std::size_t more) const noexcept {
  return held_bytes_ + more <= limits::kHttp2HeldBytes;
}

}  // namespace bascule
