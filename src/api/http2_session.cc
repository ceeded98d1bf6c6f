#include "api/http2_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <exception>
#include <vector>

#include "api/error_json.h"
#include "api/grpc.h"
#include "api/http2_answer.h"
#include "api/http2_stream.h"
#include "api/http_session.h"
#include "base/assert.h"
#include "base/limits.h"

namespace bascule {
namespace {

// Beyond it no more frames are made before the output is written.
constexpr std::size_t kOutputBytes = 256 << 10;
constexpr std::string_view kTooMuchHeld =
    "this connection sends too many large bodies at once; send them in turn";
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kNsPerMinute = 60 * kNsPerSecond;

std::string_view text(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

class Http2Session final : public Session {
 public:
  Http2Session(HttpSessionEnv& env, std::weak_ptr<SessionOwner> owner, std::string peer);
  ~Http2Session() override;

  void received(std::span<const char> bytes) override;
  void resume() override { flush(); }
  bool time_out() override;
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
  static Http2Session& self(void* user) noexcept { return *static_cast<Http2Session*>(user); }

  void make_session();
  Http2Stream* find(std::int32_t id) const noexcept;
  void header_complete(Http2Stream& stream, bool ended);
  void take_body(Http2Stream& stream, std::string_view bytes);
  void take_messages(Http2Stream& stream, std::string_view bytes);
  // Lets the peer send as many bytes again.
  void consume(Http2Stream* stream, std::int32_t id, std::size_t size);
  void dispatch(Http2Stream& stream);
  // Begins what streams of messages can do next; whether there was anything.
  bool advance_streams();
  bool advance(Http2Stream& stream);
  // Whether who asks may not: then the stream is answered.
  bool deny(Http2Stream& stream);
  void refuse(Http2Stream& stream, int status, std::string_view message);
  // Called by nghttp2 or not: nothing is made of it before `flush`.
  void submit(Http2Stream& stream);
  // The peer broke something, or gave up a request: it may do so now and then.
  void count_fault();
  void go_away(std::uint32_t error);
  void note_rest();
  void flush();

  HttpSessionEnv& env_;
  std::weak_ptr<SessionOwner> owner_;
  const std::shared_ptr<const std::string> peer_;  // shared with its requests
  nghttp2_session* session_ = nullptr;
  Http2Streams streams_;
  std::string output_;
  std::uint64_t rests_ = 0;  // how often it became idle
  std::int64_t idle_since_ns_;
  std::int64_t minute_began_ns_;
  std::size_t faults_ = 0;  // in this minute
  bool more_output_ = false;
  bool pinged_ = false;  // and the answer has not come
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
  // A stream of messages opens its window when it has worked off what came.
  nghttp2_option_set_no_auto_window_update(option, 1);
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
  streams_.close_all();
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
    if (size < 0) {
      closing_ = true;
    } else if (size == 0 && !advance_streams()) {
      break;
    }
    if (size <= 0) {
      continue;
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

void Http2Session::note_rest() {
  idle_since_ns_ = env_.clock.monotonic_ns();
  ++rests_;
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

bool Http2Session::time_out() {
  const Http2Stream* oldest = streams_.oldest_waiting();
  if (oldest == nullptr) {
    const bool asks = streams_.has_streaming() && !pinged_ && !env_.draining;
    if (asks) {
      // A stream may rest for as long as its peer is there. It fails only without memory, and the
      // peer goes the next time then.
      static_cast<void>(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr));
      pinged_ = true;
      note_rest();
    } else {
      go_away(NGHTTP2_NO_ERROR);
    }
    flush();
    return !asks;
  }
  // Those that began in the same second too: they would be the next ones.
  const std::int64_t until = oldest->since_ns + kNsPerSecond;
  const auto streams = streams_.all();
  for (const auto& stream : std::vector(streams.begin(), streams.end())) {
    if (!stream->waits_for_peer() || stream->since_ns > until) {
      continue;
    }
    if (stream->submitted || stream->has_unsent()) {
      submit_reset(session_, *stream, NGHTTP2_CANCEL);
    } else {
      refuse(*stream, 408, "the request did not arrive in time");
    }
  }
  flush();
  return true;
}

void Http2Session::peer_closed() {
  peer_closed_ = true;
  closing_ = true;
}

Session::Phase Http2Session::phase() const noexcept {
  if (closing_) {
    return Phase::kClosing;
  }
  const Http2Stream* waiting = streams_.oldest_waiting();
  if (waiting == nullptr) {
    return streams_.owes_answer() ? Phase::kAnswering : Phase::kIdle;
  }
  return waiting->header_done ? Phase::kBody : Phase::kHeader;
}

std::uint64_t Http2Session::messages() const noexcept {
  const Http2Stream* waiting = streams_.oldest_waiting();
  return waiting != nullptr
             ? std::uint64_t{waiting->messages} << 32 | static_cast<std::uint32_t>(waiting->id)
             : rests_;
}

std::int64_t Http2Session::since_ns() const noexcept {
  const Http2Stream* waiting = streams_.oldest_waiting();
  return waiting != nullptr ? waiting->since_ns : idle_since_ns_;
}

std::uint64_t Http2Session::announced_bytes() const {
  const Http2Stream* waiting = streams_.oldest_waiting();
  return waiting != nullptr && !waiting->submitted ? waiting->content_length : 0;
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
  auto stream = std::make_shared<Http2Stream>(frame->hd.stream_id, http2.owner_, http2.peer_,
                                              http2.env_.clock.monotonic_ns());
  stream->submit = [&http2](Http2Stream& done) {
    http2.submit(done);
    http2.flush();
  };
  if (nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream.get()) == 0) {
    http2.streams_.add(std::move(stream));
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
  auto& http2 = self(user);
  Http2Stream* stream = http2.find(id);
  if (stream != nullptr && stream->streaming) {
    http2.take_messages(*stream, text(bytes, size));
  } else if (stream != nullptr) {
    http2.take_body(*stream, text(bytes, size));
  }
  http2.consume(stream, id, size);
  return 0;
}

int Http2Session::on_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
  auto& http2 = self(user);
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    http2.count_fault();
    return 0;
  }
  if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
    http2.pinged_ = false;
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
    if (!stream->owed && !stream->submitted && !stream->streaming) {
      http2.dispatch(*stream);
    }
  }
  return 0;
}

// A stream that we reset, or that was answered before its request was over. What is left of a body
// is taken: some clients lose the answer when the stream is reset meanwhile (curl 7.88).
int Http2Session::on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  auto& http2 = self(user);
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
    http2.count_fault();
    return 0;
  }
  const Http2Stream* stream = http2.find(frame->hd.stream_id);
  const bool over = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (stream != nullptr && over && stream->may_be_cut()) {
    submit_reset(session, *stream, NGHTTP2_NO_ERROR);
  }
  return 0;
}

int Http2Session::on_close(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t /*error*/,
                           void* user) {
  auto& http2 = self(user);
  if (http2.streams_.close(id)) {
    http2.note_rest();
  }
  return 0;
}

void Http2Session::header_complete(Http2Stream& stream, bool ended) {
  const auto problem = stream.finish_header();
  if (problem) {
    count_fault();
    refuse(stream, problem->status, problem->message);
    return;
  }
  if (stream.request.grpc) {
    stream.answer_coding = grpc_answer_coding(stream.request);
    stream.streaming = env_.handler.streams(stream.request);
    stream.request.call_began_ns = stream.streaming ? env_.clock.monotonic_ns() : 0;
  }
  if (!stream.streaming && (ended || stream.content_length <= kBodyReadUnasked)) {
    return;
  }
  if (deny(stream)) {
    return;
  }
  stream.body_limit = std::max(kBodyReadUnasked, env_.handler.body_limit(stream.request));
  if (!stream.streaming && stream.content_length > stream.body_limit) {
    refuse(stream, 413,
           fmt::format("the body has {} bytes, and this route takes {} at most",
                       stream.content_length, stream.body_limit));
  }
}

void Http2Session::take_body(Http2Stream& stream, std::string_view bytes) {
  if (stream.owed || stream.submitted) {  // refused already
    if (stream.throw_away(bytes.size())) {
      submit_reset(session_, stream, NGHTTP2_NO_ERROR);
    }
    return;
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
  if (!streams_.may_hold(bytes.size())) {
    refuse(stream, 429, kTooMuchHeld);
    return;
  }
  stream.body.append(bytes);
  streams_.count_bytes(stream);
}

void Http2Session::take_messages(Http2Stream& stream, std::string_view bytes) {
  if (stream.submitted) {
    return;  // it is over
  }
  stream.frames.append(bytes);
  stream.unconsumed += bytes.size();
  streams_.count_bytes(stream);
  if (!streams_.may_hold(0)) {
    // Its answer may be another thread's at the moment. gRPC reads this as RESOURCE_EXHAUSTED.
    stream.submitted = true;
    submit_reset(session_, stream, NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

// Both fail only without memory, and the peer waits for its window until its deadline then.
void Http2Session::consume(Http2Stream* stream, std::int32_t id, std::size_t size) {
  if (stream == nullptr || !stream->streaming) {
    static_cast<void>(nghttp2_session_consume(session_, id, size));
    return;
  }
  // A stream that waits is not to hold up the others.
  static_cast<void>(nghttp2_session_consume_connection(session_, size));
}

void Http2Session::dispatch(Http2Stream& stream) {
  stream.request.started_ns = env_.clock.monotonic_ns();
  if (const auto complete = stream.finish_body(env_.handler); !complete) {
    refuse(stream, http_status(complete.error().code), complete.error().message);
    return;
  }
  streams_.count_bytes(stream);
  if (!streams_.may_hold(0)) {
    refuse(stream, 429, kTooMuchHeld);
    return;
  }
  stream.owed = true;
  stream.in_handler = true;
  stream.answered_in_handler = false;  // of the message before
  try {
    env_.handler.handle(stream.request, Responder(stream.shared_from_this(), stream.response));
  } catch (const std::exception& problem) {
    ++env_.handler_exceptions;
    stream.response.reset();
    write_error_at(stream.request.path, stream.response, 500, "internal",
                   fmt::format("the server made a mistake: {}", problem.what()));
    env_.handler.refused(stream.response.status, *peer_);
  }
  stream.in_handler = false;
  if (stream.answered_in_handler) {
    submit(stream);
  }
}

bool Http2Session::advance_streams() {
  bool moved = false;
  for (const auto& stream : streams_.all()) {
    moved |= stream->streaming && advance(*stream);
  }
  return moved;
}

// Without a message to begin it waits for one, and the window opens for as much as came.
bool Http2Session::advance(Http2Stream& stream) {
  if (stream.owed || stream.submitted || stream.has_unsent()) {
    return false;
  }
  const auto taken = stream.frames.take(stream.body, unpacked_limit(env_.handler, stream.request));
  if (!taken) {
    refuse(stream, http_status(taken.error().code), taken.error().message);
    return true;
  }
  if (*taken) {
    stream.response.reset();
    stream.sent = 0;
    stream.wait = Http2Stream::Wait::kNothing;
    ++stream.messages;
    dispatch(stream);
    return true;
  }
  if (stream.ended && stream.frames.size() > 0) {
    refuse(stream, 400, "the stream ended in the middle of a message");
    return true;
  }
  if (stream.ended) {
    stream.response.reset();
    stream.sent = 0;
    stream.submitted = true;
    submit_end(session_, stream);
    return true;
  }
  if (going_away_) {
    refuse(stream, 503, "the server is going away; begin another stream");
    return true;
  }
  const auto wait =
      stream.frames.size() > 0 ? Http2Stream::Wait::kRest : Http2Stream::Wait::kMessage;
  if (stream.wait != wait) {
    stream.wait = wait;
    note_rest();
    stream.since_ns = idle_since_ns_;
  }
  if (stream.unconsumed > 0) {
    // It fails only without memory, and the peer waits until its deadline then.
    static_cast<void>(
        nghttp2_session_consume_stream(session_, stream.id, std::exchange(stream.unconsumed, 0)));
    return true;  // a frame may have to be sent
  }
  return false;
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
    write_error_at(stream.request.path, stream.response, status, refusal_code(status), message);
  }
  env_.handler.refused(status, *peer_);
  submit(stream);
}

void Http2Session::submit(Http2Stream& stream) {
  stream.owed = false;
  stream.since_ns = env_.clock.monotonic_ns();
  const bool goes_on =
      stream.streaming && (stream.response.status == 200 || stream.response.goes_on);
  stream.submitted = !goes_on;
  if (!stream.open) {
    return;
  }
  if (stream.request.grpc && (goes_on || stream.response.status == 200)) {
    pack_grpc_frame(env_.packer, stream.answer_coding, stream.response.body);
  } else if (!stream.request.grpc) {
    pack_answer(env_.packer, stream.request, stream.response);
  }
  if (goes_on) {
    submit_message(session_, stream);
  } else if (stream.streaming) {
    submit_end(session_, stream);
  } else {
    submit_answer(session_, stream, env_.date);
  }
}

}  // namespace

std::unique_ptr<Session> make_http2_session(HttpSessionEnv& env, std::weak_ptr<SessionOwner> owner,
                                            std::string peer) {
  return std::make_unique<Http2Session>(env, std::move(owner), std::move(peer));
}

}  // namespace bascule
