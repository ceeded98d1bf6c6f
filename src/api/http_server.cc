#include "api/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

#include <thread>
#include <vector>

#include "api/event_loop.inc"
#include "api/http_session.h"
#include "api/listener.h"

namespace bascule {
namespace http {

void Loop::start() {
  arm_sweep();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "bascule-http");
    poller.run([this] { turn(); });
  });
}

void Loop::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Loop::take(int descriptor) {
  // Owned at once: a loop that has ended never runs what is posted.
  poller.post([this, socket = Descriptor(descriptor)]() mutable {
    if (ended_) {
      stats.open.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    const int on = 1;  // a hint; the connection works without it
    static_cast<void>(::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    ++open_;
    std::make_shared<Connection>(*this, std::move(socket), env_)->start();
  });
}

void Loop::pump_later(Connection& connection) {
  unpumped_.push_back(&connection);
  // Nobody waits long for others.
  const std::int64_t now_ns = clock.monotonic_ns();
  if (unpumped_.size() == 1) {
    began_ns_ = now_ns;
  } else if (now_ns - began_ns_ > kTogetherNs) {
    pump_all();
  }
}

void Loop::pump_all() {
  // What is pumped may go on reading.
  for (std::size_t i = 0; i < unpumped_.size(); ++i) {
    unpumped_[i]->pump();
  }
  unpumped_.clear();
}

void Loop::turn() {
  pump_all();
  if (std::exchange(wrote_, false)) {
    handler_->after_write();
    probe_.busy();
  }
}

void Loop::closed() {
  --open_;
  stats.open.fetch_sub(1, std::memory_order_relaxed);
  if (env_.draining) {
    end_if_drained();
  }
}

void Loop::arm_sweep() {
  poller.after(options.sweep_ms, [this] {
    if (ended_) {
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
  poller.post([this] {
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
  // Posted, so that what this loop has queued for itself runs first.
  poller.post([this] { poller.stop(); });
}

void Loop::stop() {
  poller.post([this] {
    env_.draining = true;
    close_all();
    end_if_drained();
  });
}

}  // namespace http

struct HttpServer::Impl {
  HttpOptions options;
  std::vector<std::unique_ptr<http::Loop>> loops;
  std::vector<std::unique_ptr<Listener>> listeners;  // on the first loop
  std::size_t next = 0;                              // that loop's only

  // In turn, so that a few long-lived clients are spread evenly.
  void take(int descriptor) {
    loops[next]->take(descriptor);
    next = (next + 1) % loops.size();
  }
  void close_listeners() {
    for (auto& listener : listeners) {
      listener->close();
    }
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
    impl->loops.push_back(
        std::make_unique<http::Loop>(impl->options, make_handler(i), stats, clock));
  }
  for (const auto& loop : impl->loops) {
    if (!loop->poller.good()) {
      return fail(Code::kUnavailable, "cannot listen: this process has no descriptors left");
    }
  }
  for (const ListenAddress& address : options.addresses) {
    auto listener = std::make_unique<Listener>(
        impl->loops.front()->poller, stats, options.max_connections, options.tls != nullptr,
        [impl = impl.get()](int descriptor) { impl->take(descriptor); });
    BASCULE_CHECK_OK(listener->open(address.host, address.port));
    impl->listeners.push_back(std::move(listener));
  }
  for (auto& listener : impl->listeners) {
    listener->start();
  }
  for (auto& loop : impl->loops) {
    loop->start();
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port(std::size_t address) const noexcept {
  return impl_->listeners[address]->port();
}

// The listeners' thread closes them first: what they accept last reaches the loops before they
// drain.
void HttpServer::drain() {
  impl_->loops.front()->poller.post([impl = impl_.get()] {
    impl->close_listeners();
    for (auto& loop : impl->loops) {
      loop->drain();
    }
  });
}

// Each loop is told by itself: the listeners' may have ended already.
void HttpServer::stop() {
  impl_->loops.front()->poller.post([impl = impl_.get()] { impl->close_listeners(); });
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
