// What http_server.cc and connection.cc share: an event loop and its connections.
//
// What is ready together is read and answered first, and the answers are written then: a peer that
// the first of them has woken is awake for the others.
#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/handler.h"
#include "api/http_server.h"
#include "api/http_session.h"
#include "api/poller.h"
#include "api/queue_probe.h"
#include "api/session.h"
#include "api/tls.h"

namespace bascule::http {

namespace intrusive = boost::intrusive;

inline constexpr std::int64_t kNsPerMs = 1'000'000;
inline constexpr std::size_t kReadBytes = 64 << 10;
inline constexpr std::int64_t kTogetherNs = 50'000;  // an answer waits for its neighbours

class Loop;

// A socket and its session. Kept alive by its loop's lists and by whoever owes it an answer.
class Connection final
    : public AnswerSink,
      public SessionOwner,
      public Poller::Target,
      public std::enable_shared_from_this<Connection>,
      public intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>> {
 public:
  Connection(Loop& loop, Descriptor socket, HttpSessionEnv& env);

  void start();
  void ready() override;
  // Writes what there is, then decides what to wait for next.
  void pump();
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
  enum class State : std::uint8_t { kShakingHands, kReading, kWriting, kLingering, kClosed };

  void shake_hands();
  void refuse_handshake();
  enum class Step : std::uint8_t { kDone, kBlocked, kFailed };
  // As the socket's own; through TLS where there is TLS.
  Step receive(std::size_t& got);  // into the loop's input; nothing at the end
  Step send(std::string_view bytes, std::size_t& sent);
  Step receive_plain(std::size_t& got);
  Step send_plain(std::string_view bytes, std::size_t& sent);
  static Step step_of(ssize_t count) noexcept;
  void wait_for(Poller::Interest interest);
  void wait_readable();
  void on_readable();
  void received(std::span<const char> bytes);
  void speak_http2();
  bool write_some();  // false when it has to wait or the connection is gone
  void begin_linger();
  void linger();
  void on_linger();
  void watch();  // the deadline of the phase that the session is in

  Loop& loop_;
  Descriptor socket_;
  Poller::Interest interest_ = Poller::Interest::kNone;
  HttpSessionEnv& env_;
  std::unique_ptr<TlsStream> tls_;  // null: plain
  HttpSession http_;
  std::unique_ptr<Session> http2_;
  Session* session_ = &http_;
  std::string opening_;               // the first bytes, until they tell the protocol
  std::shared_ptr<Connection> self_;  // while it is open
  Session::Phase watched_ = Session::Phase::kClosing;
  std::uint64_t watched_message_ = 0;
  State state_ = State::kReading;
  bool decided_ = false;  // which protocol it is
  bool pending_ = false;  // TLS has read more than it has given: a read is posted
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
        probe_(poller, clock, [this](std::int64_t now_ns, std::int64_t wait_ns) {
          handler_->waited(now_ns, wait_ns);
        }) {}

  ~Loop() { close_all(); }

  void start();
  void join();
  // Any thread.
  void take(int descriptor);
  void drain();
  void stop();

  // Loop thread only, from here on.
  void watch(Connection& connection, bool idle) {
    connection.unlink();
    (idle ? idle_ : busy_).push_back(connection);
  }
  void closed();
  // It has read, and may have answered.
  void pump_later(Connection& connection);
  void after_write() { wrote_ = true; }

  const HttpOptions& options;
  HttpStats& stats;
  const Clock& clock;
  Poller poller;
  std::array<char, kReadBytes> input;

 private:
  void arm_sweep();
  void sweep();
  void turn();  // when all that was ready has been read
  void pump_all();
  void close_all();
  void end_if_drained();

  std::unique_ptr<HttpHandler> handler_;
  HttpSessionEnv env_;
  QueueProbe probe_;
  Connections idle_;  // oldest first: the sweep stops at the first that may stay
  Connections busy_;
  std::vector<Connection*> unpumped_;  // they live on until they have been pumped
  std::int64_t began_ns_ = 0;          // when the first of them had its turn
  bool wrote_ = false;
  std::size_t open_ = 0;
  std::int64_t drain_deadline_ns_ = INT64_MAX;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace bascule::http
