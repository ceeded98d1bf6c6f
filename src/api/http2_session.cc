#include "api/http2_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <vector>

#include "api/error_json.h"
#include "api/grpc.h"
#include "api/http2_stream.h"
#include "api/http_session.h"
#include "base/assert.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::string_view kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// Beyond it no more frames are made before the output is written.
constexpr std::size_t kOutputBytes = 256 << 10;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kNsPerMinute = 60 * kNsPerSecond;

nghttp2_nv header(std::string_view name, std::string_view value) noexcept {
  // nghttp2 takes bytes that it promises to copy.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string_view text(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Adds the answer's own headers, whose names HTTP/2 wants in lower case: what is returned holds
// them.
std::vector<std::string> add_headers(std::vector<nghttp2_nv>& headers,
                                     const HttpResponse& response) {
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

class Http2Session final : public Session {
 public:
  Http2Session(HttpSessionEnv& env, std::weak_ptr<SessionOwner> owner, std::string peer);
  ~Http2Session() override;

  void received(std::span<const char> bytes) override;
  void resume() override { flush(); }
  void time_out() override;
  void peer_closed() override;

  Phase phase() const noexcept override;
  std::uint64_t messages() const noexcept override;
  std::int64_t since_ns() const noexcept override;
  std::uint64_t announced_bytes() const override;
  std::string& output() noexcept override { return output_; }
  bool wants_input() const noexcept override { return !closing_ && output_.size() < kOutputBytes; }
  bool has_pending_input() const noexcept override { return more_output_; }
  bool should_linger() const noexcept override { return !peer_closed_; }

 private:
  // What nghttp2 calls; `user` is the session. A result that is not 0 ends the connection.
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t flags, void* user);
  static int on_data(nghttp2_session*, std::uint8_t flags, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user);
  static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void* user);
  static Http2Session& self(void* user) noexcept { return *static_cast<Http2Session*>(user); }

  void make_session();
  Http2Stream* find(std::int32_t id) const noexcept;
  // The stream that has waited longest for its peer; null when none does.
  const Http2Stream* oldest_waiting() const noexcept;
  void header_complete(Http2Stream& stream, bool ended);
  void take_body(Http2Stream& stream, std::string_view bytes);
  void dispatch(Http2Stream& stream);
  // Whether who asks may not: then the stream is answered.
  bool deny(Http2Stream& stream);
  void refuse(Http2Stream& stream, int status, std::string_view message);
  // Called by nghttp2 or not: nothing is made of it before `flush`.
  void submit(Http2Stream& stream);
  void submit_grpc(Http2Stream& stream);
  void submit_http(Http2Stream& stream);
  void submit_with_body(Http2Stream& stream, std::span<const nghttp2_nv> headers);
  // The peer broke something, or gave up a request: it may do so now and then.
  void count_fault();
  void go_away(std::uint32_t error);
  void flush();

  HttpSessionEnv& env_;
  std::weak_ptr<SessionOwner> owner_;
  const std::shared_ptr<const std::string> peer_;  // shared with its requests
  nghttp2_session* session_ = nullptr;
  std::vector<std::shared_ptr<Http2Stream>> streams_;  // open ones
  std::string output_;
  std::uint64_t finished_ = 0;
  std::size_t held_bytes_ = 0;  // of all bodies that have come
  std::int64_t idle_since_ns_;
  std::int64_t minute_began_ns_;
  std::size_t faults_ = 0;  // in this minute
  bool more_output_ = false;
  bool going_away_ = false;
  bool closing_ = false;
  bool peer_closed_ = false;
};

Http2Session::Http2Session(HttpSessionEnv& env, std::weak_ptr<SessionOwner> owner, std::string peer)
    : env_(env),
      owner_(std::move(owner)),
      peer_(std::make_shared<const std::string>(std::move(peer))),
      idle_since_ns_(env.clock.monotonic_ns()),
      minute_began_ns_(idle_since_ns_) {
  make_session();
  const std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits::kHttp2Streams},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits::kHttpHeaderBytes},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits::kHttp2WindowBytes},
  };
  int error =
      nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  error |= nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                                 limits::kHttp2WindowBytes);
  BASCULE_ASSERT(error == 0);
}

void Http2Session::make_session() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  int error = nghttp2_session_callbacks_new(&callbacks);
  error |= nghttp2_option_new(&option);
  BASCULE_ASSERT(error == 0);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  // Answers to PING and SETTINGS that the peer does not read.
  nghttp2_option_set_max_outbound_ack(option, limits::kHttp2Acks);
  // Counted here, by the session's clock; nghttp2's own count, by the machine's, is the second
  // line.
  nghttp2_option_set_stream_reset_rate_limit(option, 10 * limits::kHttp2FaultsPerMinute,
                                             limits::kHttp2FaultsPerMinute);
  error = nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  BASCULE_ASSERT(error == 0);
}

Http2Session::~Http2Session() {
  for (const auto& stream : streams_) {
    stream->open = false;
  }
  nghttp2_session_del(session_);
}

void Http2Session::received(std::span<const char> bytes) {
  if (closing_) {
    return;
  }
  const auto used = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    go_away(used == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  }
  flush();
}

void Http2Session::flush() {
  if (env_.draining && !going_away_ && !closing_) {
    go_away(NGHTTP2_NO_ERROR);
  }
  more_output_ = false;
  while (!closing_) {
    if (output_.size() >= kOutputBytes) {
      more_output_ = true;
      return;
    }
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) {
      closing_ = size < 0;
      break;
    }
    output_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    closing_ = true;
  }
}

// Streams that have begun are answered, unless `error` says that the peer is not to be served.
void Http2Session::go_away(std::uint32_t error) {
  going_away_ = true;
  // Either fails only without memory, and the connection ends by its deadlines then.
  if (error == NGHTTP2_NO_ERROR) {
    static_cast<void>(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                                            nghttp2_session_get_last_proc_stream_id(session_),
                                            error, nullptr, 0));
  } else {
    static_cast<void>(nghttp2_session_terminate_session(session_, error));
  }
}

void Http2Session::count_fault() {
  const std::int64_t now = env_.clock.monotonic_ns();
  if (now - minute_began_ns_ > kNsPerMinute) {
    minute_began_ns_ = now;
    faults_ = 0;
  }
  if (++faults_ == limits::kHttp2FaultsPerMinute) {
    go_away(NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

void Http2Session::time_out() {
  const Http2Stream* oldest = oldest_waiting();
  if (oldest == nullptr) {
    go_away(NGHTTP2_NO_ERROR);
    flush();
    return;
  }
  // Those that began in the same second too: they would be the next ones.
  const std::int64_t until = oldest->since_ns + kNsPerSecond;
  for (const auto& stream : std::vector(streams_)) {
    if (!stream->waits_for_peer() || stream->since_ns > until) {
      continue;
    }
    if (stream->submitted) {
      static_cast<void>(
          nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL));
    } else {
      refuse(*stream, 408, "the request did not arrive in time");
    }
  }
  flush();
}

void Http2Session::peer_closed() {
  peer_closed_ = true;
  closing_ = true;
}

const Http2Stream* Http2Session::oldest_waiting() const noexcept {
  const Http2Stream* oldest = nullptr;
  for (const auto& stream : streams_) {
    if (stream->waits_for_peer() && (oldest == nullptr || stream->since_ns < oldest->since_ns)) {
      oldest = stream.get();
    }
  }
  return oldest;
}

Session::Phase Http2Session::phase() const noexcept {
  if (closing_) {
    return Phase::kClosing;
  }
  if (streams_.empty()) {
    return Phase::kIdle;
  }
  const Http2Stream* waiting = oldest_waiting();
  if (waiting == nullptr) {
    return Phase::kAnswering;
  }
  return waiting->header_done ? Phase::kBody : Phase::kHeader;
}

std::uint64_t Http2Session::messages() const noexcept {
  const Http2Stream* waiting = oldest_waiting();
  return waiting != nullptr ? static_cast<std::uint64_t>(waiting->id) : finished_;
}

std::int64_t Http2Session::since_ns() const noexcept {
  const Http2Stream* waiting = oldest_waiting();
  return waiting != nullptr ? waiting->since_ns : idle_since_ns_;
}

std::uint64_t Http2Session::announced_bytes() const {
  const Http2Stream* waiting = oldest_waiting();
  return waiting != nullptr ? waiting->content_length : 0;
}

Http2Stream* Http2Session::find(std::int32_t id) const noexcept {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

int Http2Session::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame,
                                   void* user) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
    return 0;  // trailers
  }
  auto& http2 = self(user);
  auto stream = std::make_shared<Http2Stream>(frame->hd.stream_id, http2.owner_,
                                              http2.env_.clock.monotonic_ns());
  stream->submit = [&http2](Http2Stream& done) {
    http2.submit(done);
    http2.flush();
  };
  if (nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream.get()) == 0) {
    http2.streams_.push_back(std::move(stream));
  }
  return 0;
}

int Http2Session::on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                            const std::uint8_t* name, std::size_t name_size,
                            const std::uint8_t* value, std::size_t value_size,
                            std::uint8_t /*flags*/, void* user) {
  Http2Stream* stream = self(user).find(frame->hd.stream_id);
  if (stream != nullptr && !stream->header_done) {
    stream->add_header(text(name, name_size), text(value, value_size));
  }
  return 0;
}

int Http2Session::on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                          const std::uint8_t* bytes, std::size_t size, void* user) {
  if (Http2Stream* stream = self(user).find(id)) {
    self(user).take_body(*stream, text(bytes, size));
  }
  return 0;
}

int Http2Session::on_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
  auto& http2 = self(user);
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    http2.count_fault();
    return 0;
  }
  Http2Stream* stream = http2.find(frame->hd.stream_id);
  const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (stream == nullptr || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)) {
    return 0;
  }
  if (!stream->header_done) {
    http2.header_complete(*stream, ended);
  }
  if (ended) {
    stream->ended = true;
    if (!stream->owed && !stream->submitted) {
      http2.dispatch(*stream);
    }
  }
  return 0;
}

// A stream that was answered before its request was over, or that we reset.
int Http2Session::on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  auto& http2 = self(user);
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
    http2.count_fault();
    return 0;
  }
  const Http2Stream* stream = http2.find(frame->hd.stream_id);
  const bool over = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (stream != nullptr && over && !stream->ended) {
    // It fails only without memory; the stream's deadline is left then.
    static_cast<void>(nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                                NGHTTP2_NO_ERROR));
  }
  return 0;
}

int Http2Session::on_close(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t /*error*/,
                           void* user) {
  auto& http2 = self(user);
  const auto found = std::ranges::find(http2.streams_, id, &Http2Stream::id);
  if (found == http2.streams_.end()) {
    return 0;
  }
  (*found)->open = false;
  http2.held_bytes_ -= (*found)->body.size();
  std::swap(*found, http2.streams_.back());
  http2.streams_.pop_back();
  ++http2.finished_;
  http2.idle_since_ns_ = http2.env_.clock.monotonic_ns();
  return 0;
}

void Http2Session::header_complete(Http2Stream& stream, bool ended) {
  const auto problem = stream.finish_header();
  if (problem) {
    count_fault();
    refuse(stream, problem->status, problem->message);
    return;
  }
  if (ended || stream.content_length <= kBodyReadUnasked) {
    return;
  }
  if (deny(stream)) {
    return;
  }
  stream.body_limit = std::max(kBodyReadUnasked, env_.handler.body_limit(stream.request));
  if (stream.content_length > stream.body_limit) {
    refuse(stream, 413,
           fmt::format("the body has {} bytes, and this route takes {} at most",
                       stream.content_length, stream.body_limit));
  }
}

void Http2Session::take_body(Http2Stream& stream, std::string_view bytes) {
  if (stream.owed || stream.submitted) {
    return;  // refused already
  }
  const std::size_t size = stream.body.size() + bytes.size();
  if (size > kBodyReadUnasked && stream.body_limit == kBodyReadUnasked) {
    if (deny(stream)) {
      return;
    }
    stream.body_limit = std::max(kBodyReadUnasked, env_.handler.body_limit(stream.request));
  }
  if (size > stream.body_limit) {
    refuse(stream, 413,
           fmt::format("this route takes a body of {} bytes at most", stream.body_limit));
    return;
  }
  if (held_bytes_ + bytes.size() > limits::kHttp2HeldBytes) {
    refuse(stream, 429, "this connection sends too many large bodies at once; send them in turn");
    return;
  }
  held_bytes_ += bytes.size();
  stream.body.append(bytes);
}

void Http2Session::dispatch(Http2Stream& stream) {
  stream.request.started_ns = env_.clock.monotonic_ns();
  stream.peer = peer_;
  stream.request.peer = *peer_;
  held_bytes_ += kBodyPadding;
  stream.finish_body();
  stream.owed = true;
  stream.in_handler = true;
  try {
    env_.handler.handle(stream.request, Responder(stream.shared_from_this(), stream.response));
  } catch (const std::exception& problem) {
    ++env_.handler_exceptions;
    stream.response.reset();
    write_error(stream.response, 500, "internal",
                fmt::format("the server made a mistake: {}", problem.what()));
    env_.handler.refused(stream.response.status, *peer_);
  }
  stream.in_handler = false;
  if (stream.answered_in_handler) {
    submit(stream);
  }
}

bool Http2Session::deny(Http2Stream& stream) {
  if (!env_.handler.deny(stream.request, stream.response)) {
    return false;
  }
  env_.handler.refused(stream.response.status, *peer_);
  submit(stream);
  return true;
}

void Http2Session::refuse(Http2Stream& stream, int status, std::string_view message) {
  stream.response.reset();
  if (stream.request.grpc) {
    write_grpc_error(stream.response, status, message);
  } else {
    write_error(stream.response, status, refusal_code(status), message);
  }
  env_.handler.refused(status, *peer_);
  submit(stream);
}

void Http2Session::submit(Http2Stream& stream) {
  stream.owed = false;
  stream.submitted = true;
  stream.since_ns = env_.clock.monotonic_ns();
  if (!stream.open) {
    return;
  }
  if (stream.request.grpc) {
    submit_grpc(stream);
  } else {
    submit_http(stream);
  }
}

// The answer's status becomes the trailers: gRPC's own statuses, and the error's sentence.
void Http2Session::submit_grpc(Http2Stream& stream) {
  const HttpResponse& response = stream.response;
  std::vector<nghttp2_nv> headers{header(":status", "200"),
                                  header("content-type", "application/grpc")};
  const auto names = add_headers(headers, response);
  if (response.status == 200) {
    submit_with_body(stream, headers);
    return;
  }
  const std::string status = std::to_string(grpc_status_of_http(response.status));
  const std::string message = grpc_message_text(response.body);
  headers.push_back(header("grpc-status", status));
  headers.push_back(header("grpc-message", message));
  // It fails only without memory; the stream's deadline is left then.
  static_cast<void>(
      nghttp2_submit_response(session_, stream.id, headers.data(), headers.size(), nullptr));
}

void Http2Session::submit_http(Http2Stream& stream) {
  HttpResponse& response = stream.response;
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  std::vector<nghttp2_nv> headers{header(":status", status), header("date", env_.date),
                                  header("content-length", length)};
  if (!response.content_type.empty()) {
    headers.push_back(header("content-type", response.content_type));
  }
  const auto names = add_headers(headers, response);
  if (stream.request.method == Method::kHead || response.body.empty()) {
    static_cast<void>(
        nghttp2_submit_response(session_, stream.id, headers.data(), headers.size(), nullptr));
    return;
  }
  submit_with_body(stream, headers);
}

void Http2Session::submit_with_body(Http2Stream& stream, std::span<const nghttp2_nv> headers) {
  nghttp2_data_provider body{};
  body.source.ptr = &stream;
  body.read_callback = read_body;
  // It fails only without memory; the stream's deadline is left then.
  static_cast<void>(
      nghttp2_submit_response(session_, stream.id, headers.data(), headers.size(), &body));
}

ssize_t Http2Session::read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* out,
                                std::size_t size, std::uint32_t* flags, nghttp2_data_source* source,
                                void* /*user*/) {
  Http2Stream& stream = *static_cast<Http2Stream*>(source->ptr);
  const std::string& body = stream.response.body;
  const std::size_t count = std::min(size, body.size() - stream.sent);
  std::copy_n(body.data() + stream.sent, count, out);
  stream.sent += count;
  if (stream.sent < body.size()) {
    return static_cast<ssize_t>(count);
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream.request.grpc) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const std::array trailers{header("grpc-status", "0")};
    if (nghttp2_submit_trailer(session, id, trailers.data(), trailers.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
  }
  return static_cast<ssize_t>(count);
}

}  // namespace

Preface http2_preface(std::span<const char> bytes) noexcept {
  const std::size_t size = std::min(bytes.size(), kMagic.size());
  if (std::string_view(bytes.data(), size) != kMagic.substr(0, size)) {
    return Preface::kNo;
  }
  // "PR" may still become "PROPFIND".
  return size < 4 ? Preface::kMaybe : Preface::kYes;
}

std::unique_ptr<Session> make_http2_session(HttpSessionEnv& env, std::weak_ptr<SessionOwner> owner,
                                            std::string peer) {
  return std::make_unique<Http2Session>(env, std::move(owner), std::move(peer));
}

}  // namespace bascule
