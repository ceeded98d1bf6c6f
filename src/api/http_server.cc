#include "api/http_server.h"

#include <pthread.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "api/http2_session.h"
#include "api/http_session.h"
#include "api/listener.h"

namespace bascule {
namespace {

namespace asio = boost::asio;
namespace intrusive = boost::intrusive;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
// A concrete executor: the type-erased one costs an allocation and a call per operation.
using LoopExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, LoopExecutor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::size_t kReadBytes = 64 << 10;
// How long and how much is read and thrown away, so that a peer gets to read a refusal.
constexpr std::int64_t kLingerMs = 2'000;
constexpr std::size_t kLingerBytes = 4 << 20;

class Loop;

// A socket and its session. Kept alive by its loop's lists and by whoever owes it an answer.
class Connection final
    : public AnswerSink,
      public SessionOwner,
      public std::enable_shared_from_this<Connection>,
      public intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>> {
 public:
  Connection(Loop& loop, Socket socket, HttpSessionEnv& env);

  void start();
  void answered() override;  // any thread; of HTTP/1.1
  bool on_loop_thread() const noexcept override;
  void post(std::function<void()> task) override;  // any thread
  // The sweep: true when it had to be closed.
  bool expire(std::int64_t now_ns);
  std::int64_t deadline_ns() const noexcept { return deadline_ns_; }
  // Serves what an idle peer has sent already, then closes it.
  void drain();
  void close();

 private:
  enum class State : std::uint8_t { kReading, kWriting, kLingering, kClosed };

  void wait_readable();
  void on_readable();
  void received(std::span<const char> bytes);
  // Writes what there is, then decides what to wait for next.
  void pump();
  bool write_some();  // false when it has to wait or the connection is gone
  void begin_linger();
  void on_linger();
  void watch();  // the deadline of the phase that the session is in

  Loop& loop_;
  Socket socket_;
  HttpSessionEnv& env_;
  HttpSession http_;
  std::unique_ptr<Session> http2_;
  Session* session_ = &http_;
  std::string opening_;               // the first bytes, until they tell the protocol
  std::shared_ptr<Connection> self_;  // while it is open
  Session::Phase watched_ = Session::Phase::kClosing;
  std::uint64_t watched_message_ = 0;
  State state_ = State::kReading;
  bool decided_ = false;  // which protocol it is
  bool waiting_ = false;  // for the socket to be readable
  std::size_t written_ = 0;
  std::size_t lingered_ = 0;
  std::int64_t deadline_ns_ = INT64_MAX;
};

using Connections = intrusive::list<Connection, intrusive::constant_time_size<false>>;

// One thread: an event loop, its connections and its handler.
class Loop {
 public:
  Loop(const HttpOptions& options, std::unique_ptr<HttpHandler> handler, HttpStats& stats,
       const Clock& clock)
      : options(options),
        stats(stats),
        clock(clock),
        handler_(std::move(handler)),
        env_{.handler = *handler_, .clock = clock, .date = http_date(clock.now_us())},
        sweep_timer_(context) {}

  ~Loop() { close_all(); }

  void start() {
    arm_sweep();
    thread_ = std::thread([this] {
      thread_id_ = std::this_thread::get_id();
      ::pthread_setname_np(::pthread_self(), "bascule-http");
      context.run();
    });
  }
  void join() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  // Any thread.
  void take(int descriptor, bool v6);
  void drain();
  void stop();
  bool on_this_thread() const noexcept { return thread_id_ == std::this_thread::get_id(); }

  // Loop thread only, from here on.
  void watch(Connection& connection, bool idle) {
    connection.unlink();
    (idle ? idle_ : busy_).push_back(connection);
  }
  void closed();
  void after_write() { handler_->after_write(); }

  const HttpOptions& options;
  HttpStats& stats;
  const Clock& clock;
  asio::io_context context{1};
  std::array<char, kReadBytes> input;

 private:
  void arm_sweep();
  void sweep();
  void close_all();
  void end_if_drained();

  std::unique_ptr<HttpHandler> handler_;
  HttpSessionEnv env_;
  Timer sweep_timer_;
  Connections idle_;  // oldest first: the sweep stops at the first that may stay
  Connections busy_;
  std::size_t open_ = 0;
  std::int64_t drain_deadline_ns_ = INT64_MAX;
  bool ended_ = false;
  std::thread::id thread_id_;  // written before the first request, read after it
  std::thread thread_;
};

Connection::Connection(Loop& loop, Socket socket, HttpSessionEnv& env)
    : loop_(loop), socket_(std::move(socket)), env_(env), http_(env) {}

void Connection::start() {
  self_ = shared_from_this();
  http_.set_sink(weak_from_this());
  pump();
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
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode error) {
    self->waiting_ = false;
    if (error || self->state_ == State::kClosed) {
      return;
    }
    if (self->state_ == State::kLingering) {
      self->on_linger();
    } else {
      self->on_readable();
    }
  });
}

void Connection::on_readable() {
  ErrorCode error;
  const std::size_t got = socket_.receive(asio::buffer(loop_.input), 0, error);
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
    http2_ = make_http2_session(env_, weak_from_this());
    session_ = http2_.get();
  }
  session_->received(std::exchange(opening_, {}));
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
    written_ +=
        socket_.send(asio::buffer(output.data() + written_, output.size() - written_), 0, error);
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
  loop_.stats.timed_out.fetch_add(1, std::memory_order_relaxed);
  if (state_ == State::kReading && session_->phase() != Session::Phase::kClosing) {
    session_->time_out();
    pump();
  } else {
    close();
  }
  return true;
}

void Connection::drain() {
  if (state_ != State::kReading || session_->phase() != Session::Phase::kIdle) {
    return;
  }
  ErrorCode error;
  const std::size_t got = socket_.receive(asio::buffer(loop_.input), 0, error);
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
  state_ = State::kClosed;
  ErrorCode ignored;  // closing a socket releases it, whatever it says
  socket_.close(ignored);
  unlink();
  loop_.closed();
  // The last reference may be this one; the loop drops it when nothing of us is on the stack.
  asio::post(loop_.context, [self = std::move(self_)] {});
}

void Loop::take(int descriptor, bool v6) {
  // Owned at once: a loop that has ended never runs what is posted.
  Socket owned(context);
  ErrorCode error;
  owned.assign(v6 ? tcp::v6() : tcp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
    stats.open.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  asio::post(context, [this, socket = std::move(owned)]() mutable {
    ErrorCode error;
    socket.non_blocking(true, error);
    if (error || ended_) {
      stats.open.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    socket.set_option(tcp::no_delay(true), error);  // a hint; the connection works without it
    ++open_;
    std::make_shared<Connection>(*this, std::move(socket), env_)->start();
  });
}

void Loop::closed() {
  --open_;
  stats.open.fetch_sub(1, std::memory_order_relaxed);
  if (env_.draining) {
    end_if_drained();
  }
}

void Loop::arm_sweep() {
  sweep_timer_.expires_after(std::chrono::milliseconds(options.sweep_ms));
  sweep_timer_.async_wait([this](ErrorCode error) {
    if (error || ended_) {
      return;
    }
    sweep();
    arm_sweep();
  });
}

void Loop::sweep() {
  const std::int64_t now_ns = clock.monotonic_ns();
  env_.date = http_date(clock.now_us());
  handler_->tick();
  stats.handler_exceptions.fetch_add(std::exchange(env_.handler_exceptions, 0),
                                     std::memory_order_relaxed);
  while (!idle_.empty() && idle_.front().expire(now_ns)) {
  }
  // A connection that expires moves within the list or leaves it: the next one is taken first.
  for (auto it = busy_.begin(); it != busy_.end();) {
    Connection& connection = *it++;
    if (now_ns < connection.deadline_ns()) {
      continue;
    }
    connection.expire(now_ns);
  }
  if (now_ns >= drain_deadline_ns_) {
    close_all();
    end_if_drained();
  }
}

void Loop::close_all() {
  while (!idle_.empty()) {
    idle_.front().close();
  }
  while (!busy_.empty()) {
    busy_.front().close();
  }
}

void Loop::drain() {
  asio::post(context, [this] {
    if (env_.draining) {
      return;
    }
    env_.draining = true;
    drain_deadline_ns_ = clock.monotonic_ns() + options.drain_ms * kNsPerMs;
    std::vector<std::shared_ptr<Connection>> idle;
    for (Connection& connection : idle_) {
      idle.push_back(connection.shared_from_this());
    }
    for (const auto& connection : idle) {
      connection->drain();
    }
    end_if_drained();
  });
}

void Loop::end_if_drained() {
  if (open_ > 0 || ended_) {
    return;
  }
  ended_ = true;
  sweep_timer_.cancel();
  // Posted, so that what this loop has queued for itself runs first.
  asio::post(context, [this] { context.stop(); });
}

void Loop::stop() {
  asio::post(context, [this] {
    env_.draining = true;
    close_all();
    end_if_drained();
  });
}

}  // namespace

struct HttpServer::Impl {
  HttpOptions options;
  std::vector<std::unique_ptr<Loop>> loops;
  std::unique_ptr<Listener> listener;  // on the first loop
  std::size_t next = 0;                // that loop's only

  // In turn, so that a few long-lived clients are spread evenly.
  void take(int descriptor) {
    loops[next]->take(descriptor, listener->is_v6());
    next = (next + 1) % loops.size();
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  stop();
  wait();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpOptions& options,
                                                       const HandlerFactory& make_handler,
                                                       HttpStats& stats, const Clock& clock) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.loops, 1); ++i) {
    impl->loops.push_back(std::make_unique<Loop>(impl->options, make_handler(i), stats, clock));
  }
  impl->listener =
      std::make_unique<Listener>(impl->loops.front()->context, stats, options.max_connections,
                                 [impl = impl.get()](int descriptor) { impl->take(descriptor); });
  BASCULE_CHECK_OK(impl->listener->open(options.host, options.port));
  impl->listener->start();
  for (auto& loop : impl->loops) {
    loop->start();
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const noexcept {
  return impl_->listener->port();
}

// The listener's thread closes it first: what it accepts last reaches the loops before they drain.
void HttpServer::drain() {
  asio::post(impl_->loops.front()->context, [impl = impl_.get()] {
    impl->listener->close();
    for (auto& loop : impl->loops) {
      loop->drain();
    }
  });
}

// Each loop is told by itself: the listener's may have ended already.
void HttpServer::stop() {
  asio::post(impl_->loops.front()->context, [impl = impl_.get()] { impl->listener->close(); });
  for (auto& loop : impl_->loops) {
    loop->stop();
  }
}

void HttpServer::wait() {
  for (auto& loop : impl_->loops) {
    loop->join();
  }
}

}  // namespace bascule
