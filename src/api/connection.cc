// One connection: its socket, with TLS or without, its session and its deadlines.

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>

#include "api/event_loop.inc"
#include "api/http2_preface.h"
#include "api/http2_session.h"
#include "base/limits.h"

namespace bascule::http {
namespace {

// How long is read and thrown away, so that a peer gets to read a refusal.
constexpr std::int64_t kLingerMs = 2'000;
// For who speaks HTTP to a port of TLS.
constexpr std::string_view kUseHttps =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
    "Content-Length: 60\r\n\r\n"
    R"({"error":"this port speaks TLS; use https","code":"invalid"})";

// "127.0.0.1:51324", "[::1]:51324"; empty when the peer is gone already.
std::string peer_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> host;
  std::array<char, NI_MAXSERV> port;
  auto* const peer = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(socket, peer, &size) != 0 ||
      ::getnameinfo(peer, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  return address.ss_family == AF_INET6 ? fmt::format("[{}]:{}", host.data(), port.data())
                                       : fmt::format("{}:{}", host.data(), port.data());
}

}  // namespace

Connection::Connection(Loop& loop, Descriptor socket, HttpSessionEnv& env)
    : loop_(loop), socket_(std::move(socket)), env_(env), http_(env) {}

void Connection::start() {
  self_ = shared_from_this();
  http_.set_sink(weak_from_this());
  http_.set_peer(peer_of(socket_.number()));
  if (!loop_.options.tls) {
    pump();
    return;
  }
  tls_ = loop_.options.tls->accept(socket_.number());
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
    wait_for(step == TlsStream::Step::kWantRead ? Poller::Interest::kRead
                                                : Poller::Interest::kWrite);
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
    std::size_t ignored = 0;  // a courtesy
    static_cast<void>(send_plain(kUseHttps, ignored));
  }
  linger();  // so that the peer gets to read why
}

Connection::Step Connection::step_of(ssize_t count) noexcept {
  if (count >= 0) {
    return Step::kDone;
  }
  return errno == EAGAIN || errno == EWOULDBLOCK ? Step::kBlocked : Step::kFailed;
}

Connection::Step Connection::send_plain(std::string_view bytes, std::size_t& sent) {
  ssize_t count = 0;
  do {
    count = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  sent = count < 0 ? 0 : static_cast<std::size_t>(count);
  return step_of(count);
}

Connection::Step Connection::receive_plain(std::size_t& got) {
  ssize_t count = 0;
  do {
    count = ::recv(socket_.number(), loop_.input.data(), loop_.input.size(), 0);
  } while (count < 0 && errno == EINTR);
  got = count < 0 ? 0 : static_cast<std::size_t>(count);
  return step_of(count);
}

Connection::Step Connection::receive(std::size_t& got) {
  if (!tls_) {
    return receive_plain(got);
  }
  // All records that have come, as far as there is room.
  got = 0;
  for (;;) {
    const auto io = tls_->receive(std::span(loop_.input).subspan(got));
    got += io.bytes;
    const bool done = io.step == TlsStream::Step::kDone;
    if (done && got < loop_.input.size() && tls_->has_pending()) {
      continue;
    }
    if (got > 0 || io.step == TlsStream::Step::kClosed) {
      return Step::kDone;
    }
    return io.step == TlsStream::Step::kFailed ? Step::kFailed : Step::kBlocked;
  }
}

Connection::Step Connection::send(std::string_view bytes, std::size_t& sent) {
  if (!tls_) {
    return send_plain(bytes, sent);
  }
  const auto io = tls_->send(bytes);
  sent = io.bytes;
  if (io.step == TlsStream::Step::kDone) {
    return Step::kDone;
  }
  // We renegotiate with nobody: there is nothing to read for.
  return io.step == TlsStream::Step::kWantWrite ? Step::kBlocked : Step::kFailed;
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

void Connection::wait_for(Poller::Interest interest) {
  if (!loop_.poller.watch(socket_.number(), interest_, interest, *this)) {
    close();
    return;
  }
  interest_ = interest;
}

void Connection::wait_readable() {
  wait_for(Poller::Interest::kRead);
  // What TLS has read already does not make the socket readable.
  if (!tls_ || pending_ || state_ != State::kReading || !tls_->has_pending()) {
    return;
  }
  pending_ = true;
  loop_.poller.post([self = shared_from_this()] {
    self->pending_ = false;
    if (self->state_ == State::kReading) {
      self->ready();
    }
  });
}

void Connection::ready() {
  switch (state_) {
    case State::kShakingHands:
      shake_hands();
      break;
    case State::kReading:
      // While an answer is owed nothing is read, and what has come would come back again and again.
      session_->wants_input() ? on_readable() : wait_for(Poller::Interest::kNone);
      break;
    case State::kWriting:
      state_ = State::kReading;
      pump();
      break;
    case State::kLingering:
      on_linger();
      break;
    case State::kClosed:
      break;
  }
}

void Connection::on_readable() {
  std::size_t got = 0;
  const Step step = receive(got);
  if (step == Step::kBlocked) {
    return;
  }
  if (step == Step::kFailed || got == 0) {
    session_->peer_closed();
  } else {
    received({loop_.input.data(), got});
  }
  loop_.pump_later(*this);
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
  if (state_ != State::kReading) {
    return;
  }
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
    std::size_t sent = 0;
    const Step step = send(std::string_view(output).substr(written_), sent);
    written_ += sent;
    if (step == Step::kBlocked) {
      state_ = State::kWriting;
      deadline_ns_ = loop_.clock.monotonic_ns() + loop_.options.body_ms * kNsPerMs;
      watched_ = Session::Phase::kClosing;
      loop_.watch(*this, false);
      wait_for(Poller::Interest::kWrite);
      return false;
    }
    if (step == Step::kFailed) {
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
  // The peer may be gone already; the linger ends by itself then.
  static_cast<void>(::shutdown(socket_.number(), SHUT_WR));
  deadline_ns_ = loop_.clock.monotonic_ns() + kLingerMs * kNsPerMs;
  loop_.watch(*this, false);
  wait_readable();
}

void Connection::on_linger() {
  std::size_t got = 0;
  const Step step = receive_plain(got);
  lingered_ += got;
  const bool over = step == Step::kFailed || (step == Step::kDone && got == 0);
  if (over || lingered_ > limits::kHttpLingerBytes) {
    close();
  }
}

void Connection::answered() {
  if (loop_.poller.on_this_thread() && http_.in_handler()) {
    http_.mark_answered();
    return;
  }
  loop_.poller.post([self = shared_from_this()] {
    if (self->state_ == State::kClosed) {
      return;
    }
    self->http_.complete();
    self->pump();
  });
}

bool Connection::on_loop_thread() const noexcept {
  return loop_.poller.on_this_thread();
}

void Connection::post(std::function<void()> task) {
  loop_.poller.post([self = shared_from_this(), task = std::move(task)] {
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
  std::size_t got = 0;
  if (receive(got) != Step::kDone || got == 0) {
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
  socket_.close();
  unlink();
  loop_.closed();
  // The last reference may be this one; the loop drops it when nothing of us is on the stack.
  loop_.poller.post([self = std::move(self_)] {});
}

}  // namespace bascule::http
