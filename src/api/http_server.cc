#include "api/http_server.h"

#include <pthread.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>
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
    thread_id_ = std::this_thread::get_id();
    ::pthread_setname_np(::pthread_self(), "bascule-http");
    context.run();
  });
}

void Loop::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
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
  probe_.stop();
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

}  // namespace http

struct HttpServer::Impl {
  HttpOptions options;
  std::vector<std::unique_ptr<http::Loop>> loops;
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
    impl->loops.push_back(
        std::make_unique<http::Loop>(impl->options, make_handler(i), stats, clock));
  }
  impl->listener = std::make_unique<Listener>(
      impl->loops.front()->context, stats, options.max_connections, options.tls != nullptr,
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
  boost::asio::post(impl_->loops.front()->context, [impl = impl_.get()] {
    impl->listener->close();
    for (auto& loop : impl->loops) {
      loop->drain();
    }
  });
}

// Each loop is told by itself: the listener's may have ended already.
void HttpServer::stop() {
  boost::asio::post(impl_->loops.front()->context,
                    [impl = impl_.get()] { impl->listener->close(); });
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
