// One connection: its socket, with TLS or without, its session and its deadlines.

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include "api/event_loop.inc"
#include "api/http2_preface.h"
#include "api/http2_session.h"

namespace bascule::http {
namespace {

// How long and how much is read and thrown away, so that a peer gets to read a refusal.
constexpr std::int64_t kLingerMs = 2'000;
constexpr std::size_t kLingerBytes = 4 << 20;
// For who speaks HTTP to a port of TLS.
constexpr std::string_view kUseHttps =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
    "Content-Length: 60\r\n\r\n"
    R"({"error":"this port speaks TLS; use https","code":"invalid"})";

// "127.0.0.1:51324", "[::1]:51324"; empty when the peer is gone already.
std::string peer_of(const Socket& socket) {
  ErrorCode error;
  const auto peer = socket.remote_endpoint(error);
  if (error) {
    return {};
  }
  const std::string address = peer.address().to_string();
  return peer.address().is_v6() ? fmt::format("[{}]:{}", address, peer.port())
                                : fmt::format("{}:{}", address, peer.port());
}

}  // namespace

Connection::Connection(Loop& loop, Socket socket, HttpSessionEnv& env)
    : loop_(loop), socket_(std::move(socket)), env_(env), http_(env) {}

void Connection::start() {
  self_ = shared_from_this();
  http_.set_sink(weak_from_this());
  http_.set_peer(peer_of(socket_));
  if (!loop_.options.tls) {
    pump();
    return;
  }
  tls_ = loop_.options.tls->accept(socket_.native_handle());
  if (!tls_) {
    close();
    return;
  }
  state_ = State::kShakingHands;
  deadline_ns_ = loop_.clock.monotonic_ns() + loop_.options.header_ms * kNsPerMs;
  loop_.watch(*this, false);
  shake_hands();
}

void Connection::shake_hands() {
  const auto step = tls_->handshake();
  if (step == TlsStream::Step::kWantRead || step == TlsStream::Step::kWantWrite) {
    const auto direction =
        step == TlsStream::Step::kWantRead ? Socket::wait_read : Socket::wait_write;
    socket_.async_wait(direction, [self = shared_from_this()](ErrorCode error) {
      if (!error && self->state_ == State::kShakingHands) {
        self->shake_hands();
      }
    });
    return;
  }
  if (step != TlsStream::Step::kDone) {
    refuse_handshake();
    return;
  }
  loop_.stats.tls_handshakes.fetch_add(1, std::memory_order_relaxed);
  state_ = State::kReading;
  const auto protocol = tls_->protocol();
  decided_ = !protocol.empty();
  if (protocol == kHttp2Alpn) {
    speak_http2();
  }
  pump();
}

void Connection::refuse_handshake() {
  loop_.stats.tls_failed.fetch_add(1, std::memory_order_relaxed);
  if (tls_->met_plain_http()) {
    ErrorCode ignored;  // a courtesy
    socket_.send(asio::buffer(kUseHttps), 0, ignored);
  }
  linger();  // so that the peer gets to read why
}

std::size_t Connection::receive(ErrorCode& error) {
  if (!tls_) {
    return socket_.receive(asio::buffer(loop_.input), 0, error);
  }
  // All records that have come, as far as there is room.
  std::size_t got = 0;
  for (;;) {
    const auto io = tls_->receive(std::span(loop_.input).subspan(got));
    got += io.bytes;
    const bool done = io.step == TlsStream::Step::kDone;
    if (done && got < loop_.input.size() && tls_->has_pending()) {
      continue;
    }
    if (got == 0 && io.step == TlsStream::Step::kFailed) {
      error = asio::error::connection_reset;
    } else if (got == 0 && io.step != TlsStream::Step::kClosed) {
      error = asio::error::would_block;
    }
    return got;
  }
}

std::size_t Connection::send(std::string_view bytes, ErrorCode& error) {
  if (!tls_) {
    return socket_.send(asio::buffer(bytes), 0, error);
  }
  const auto io = tls_->send(bytes);
  if (io.step == TlsStream::Step::kWantWrite) {
    error = asio::error::would_block;
  } else if (io.step != TlsStream::Step::kDone) {
    error = asio::error::broken_pipe;  // we renegotiate with nobody: there is nothing to read for
  }
  return io.bytes;
}

void Connection::watch() {
  const auto phase = session_->phase();
  const std::uint64_t message = session_->messages();
  if (phase == watched_ && message == watched_message_) {
    return;
  }
  watched_ = phase;
  watched_message_ = message;
  const HttpOptions& options = loop_.options;
  std::int64_t ms = options.body_ms;
  switch (phase) {
    case Session::Phase::kIdle:
      ms = options.idle_ms;
      break;
    case Session::Phase::kHeader:
      ms = options.header_ms;
      break;
    case Session::Phase::kBody:
      ms = options.body_ms + static_cast<std::int64_t>(session_->announced_bytes() >> 20) * 1000;
      break;
    case Session::Phase::kAnswering:
      deadline_ns_ = INT64_MAX;
      loop_.watch(*this, false);
      return;
    case Session::Phase::kClosing:
      break;
  }
  deadline_ns_ = session_->since_ns() + ms * kNsPerMs;
  loop_.watch(*this, phase == Session::Phase::kIdle);
}

void Connection::wait_readable() {
  if (waiting_) {
    return;
  }
  waiting_ = true;
  auto readable = [self = shared_from_this()](ErrorCode error) {
    self->waiting_ = false;
    if (error || self->state_ == State::kClosed) {
      return;
    }
    if (self->state_ == State::kLingering) {
      self->on_linger();
    } else {
      self->on_readable();
    }
  };
  // What TLS has read already does not make the socket readable.
  if (tls_ && state_ != State::kLingering && tls_->has_pending()) {
    asio::post(loop_.context, [readable = std::move(readable)]() mutable { readable({}); });
    return;
  }
  socket_.async_wait(Socket::wait_read, std::move(readable));
}

void Connection::on_readable() {
  ErrorCode error;
  const std::size_t got = receive(error);
  if (error == asio::error::would_block) {
    wait_readable();
    return;
  }
  if (error || got == 0) {
    session_->peer_closed();
  } else {
    received({loop_.input.data(), got});
  }
  pump();
}

// The first bytes tell the protocol.
void Connection::received(std::span<const char> bytes) {
  if (decided_) {
    session_->received(bytes);
    return;
  }
  opening_.append(bytes.data(), bytes.size());
  const Preface preface = http2_preface(opening_);
  if (preface == Preface::kMaybe) {
    return;
  }
  decided_ = true;
  if (preface == Preface::kYes) {
    speak_http2();
  }
  session_->received(std::exchange(opening_, {}));
}

void Connection::speak_http2() {
  http2_ = make_http2_session(env_, weak_from_this(), http_.peer());
  session_ = http2_.get();
}

void Connection::pump() {
  for (;;) {
    if (!write_some()) {
      return;
    }
    if (session_->phase() == Session::Phase::kClosing) {
      begin_linger();
      return;
    }
    if (!session_->has_pending_input() || !session_->wants_input()) {
      break;
    }
    const auto before = session_->output().size();
    session_->resume();
    if (session_->output().size() == before) {
      break;
    }
  }
  watch();
  if (session_->wants_input()) {
    wait_readable();
  }
}

bool Connection::write_some() {
  std::string& output = session_->output();
  while (written_ < output.size()) {
    ErrorCode error;
    written_ += send(std::string_view(output).substr(written_), error);
    if (error == asio::error::would_block) {
      if (state_ != State::kWriting) {
        state_ = State::kWriting;
        deadline_ns_ = loop_.clock.monotonic_ns() + loop_.options.body_ms * kNsPerMs;
        watched_ = Session::Phase::kClosing;
        loop_.watch(*this, false);
      }
      socket_.async_wait(Socket::wait_write, [self = shared_from_this()](ErrorCode failed) {
        if (failed || self->state_ != State::kWriting) {
          return;
        }
        self->state_ = State::kReading;
        self->pump();
      });
      return false;
    }
    if (error) {
      close();
      return false;
    }
  }
  if (written_ > 0) {
    loop_.after_write();
  }
  written_ = 0;
  if (output.capacity() > kReadBytes) {
    std::string().swap(output);
  } else {
    output.clear();
  }
  return true;
}

void Connection::begin_linger() {
  if (!session_->should_linger()) {
    close();
    return;
  }
  linger();
}

void Connection::linger() {
  if (tls_) {
    tls_->say_goodbye();
  }
  state_ = State::kLingering;
  ErrorCode ignored;  // the peer may be gone already; the linger ends by itself then
  socket_.shutdown(Socket::shutdown_send, ignored);
  deadline_ns_ = loop_.clock.monotonic_ns() + kLingerMs * kNsPerMs;
  loop_.watch(*this, false);
  wait_readable();
}

void Connection::on_linger() {
  ErrorCode error;
  const std::size_t got = socket_.receive(asio::buffer(loop_.input), 0, error);
  lingered_ += got;
  const bool over = error ? error != asio::error::would_block : got == 0;
  if (over || lingered_ > kLingerBytes) {
    close();
  } else {
    wait_readable();
  }
}

void Connection::answered() {
  if (loop_.on_this_thread() && http_.in_handler()) {
    http_.mark_answered();
    return;
  }
  asio::post(loop_.context, [self = shared_from_this()] {
    if (self->state_ == State::kClosed) {
      return;
    }
    self->http_.complete();
    self->pump();
  });
}

bool Connection::on_loop_thread() const noexcept {
  return loop_.on_this_thread();
}

void Connection::post(std::function<void()> task) {
  asio::post(loop_.context, [self = shared_from_this(), task = std::move(task)] {
    if (self->state_ == State::kClosed) {
      return;
    }
    task();
    // While it waits to write, what is new goes out with the rest.
    if (self->state_ == State::kReading) {
      self->pump();
    }
  });
}

bool Connection::expire(std::int64_t now_ns) {
  if (now_ns < deadline_ns_) {
    return false;
  }
  if (state_ == State::kShakingHands) {
    loop_.stats.tls_failed.fetch_add(1, std::memory_order_relaxed);
  }
  bool timed_out = true;
  if (state_ == State::kReading && session_->phase() != Session::Phase::kClosing) {
    timed_out = session_->time_out();
    pump();
  } else {
    close();
  }
  loop_.stats.timed_out.fetch_add(timed_out ? 1 : 0, std::memory_order_relaxed);
  return true;
}

void Connection::drain() {
  if (state_ != State::kReading || session_->phase() != Session::Phase::kIdle) {
    return;
  }
  ErrorCode error;
  const std::size_t got = receive(error);
  if (error || got == 0) {
    session_->time_out();
  } else {
    received({loop_.input.data(), got});
  }
  pump();
}

void Connection::close() {
  if (state_ == State::kClosed) {
    return;
  }
  if (tls_) {
    tls_->say_goodbye();
  }
  state_ = State::kClosed;
  ErrorCode ignored;  // closing a socket releases it, whatever it says
  socket_.close(ignored);
  unlink();
  loop_.closed();
  // The last reference may be this one; the loop drops it when nothing of us is on the stack.
  asio::post(loop_.context, [self = std::move(self_)] {});
}

}  // namespace bascule::http
