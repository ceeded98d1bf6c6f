#include "api/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "api/http_server.h"

namespace bascule {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
// Concrete executors: the type-erased one costs an allocation and a call per operation.
using LoopExecutor = asio::io_context::executor_type;
using Acceptor = asio::basic_socket_acceptor<tcp, LoopExecutor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;

constexpr std::chrono::milliseconds kPause{100};  // when there are no descriptors at all

int open_reserve() noexcept {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string full_answer() {
  constexpr std::string_view kBody =
      R"({"error":"too many connections; try again later","code":"unavailable"})";
  return fmt::format(
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
      "Retry-After: 1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
      kBody.size(), kBody);
}

}  // namespace

struct Listener::Impl {
  Impl(asio::io_context& loop, HttpStats& stats, std::size_t max_connections, bool tls, Take take)
      : acceptor(loop),
        pause(loop),
        stats(stats),
        max_connections(max_connections),
        take(std::move(take)),
        full(tls ? std::string() : full_answer()) {}
  ~Impl() {
    if (reserve >= 0) {
      ::close(reserve);
    }
  }

  void wait();
  void wait_longer();
  // False when there are no descriptors left, not even for turning a peer away.
  bool accept_all();
  void turn_away(int descriptor);
  bool turn_one_away();

  Acceptor acceptor;
  Timer pause;
  HttpStats& stats;
  const std::size_t max_connections;
  const Take take;
  const std::string full;
  std::uint16_t port = 0;
  int reserve = -1;
  bool v6 = false;
};

void Listener::Impl::wait() {
  acceptor.async_wait(Acceptor::wait_read, [this](ErrorCode error) {
    if (error) {
      return;
    }
    if (accept_all()) {
      wait();
    } else {
      wait_longer();
    }
  });
}

void Listener::Impl::wait_longer() {
  pause.expires_after(kPause);
  pause.async_wait([this](ErrorCode error) {
    if (error) {
      return;
    }
    if (reserve < 0) {
      reserve = open_reserve();
    }
    wait();
  });
}

bool Listener::Impl::accept_all() {
  for (;;) {
    const int descriptor =
        ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
      if (errno == EINTR || errno == ECONNABORTED) {
        continue;
      }
      if (errno != EMFILE && errno != ENFILE) {
        return true;
      }
      if (!turn_one_away()) {
        return false;
      }
      continue;
    }
    stats.accepted.fetch_add(1, std::memory_order_relaxed);
    if (stats.open.load(std::memory_order_relaxed) >= max_connections) {
      turn_away(descriptor);
      continue;
    }
    stats.open.fetch_add(1, std::memory_order_relaxed);
    take(descriptor);
  }
}

void Listener::Impl::turn_away(int descriptor) {
  stats.turned_away.fetch_add(1, std::memory_order_relaxed);
  // A courtesy: a peer that does not get it sees a closed connection.
  static_cast<void>(::send(descriptor, full.data(), full.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  ::shutdown(descriptor, SHUT_WR);
  ::close(descriptor);
}

// Gives the reserve up for a moment.
bool Listener::Impl::turn_one_away() {
  if (reserve < 0) {
    return false;
  }
  ::close(reserve);
  const int descriptor = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) {
    turn_away(descriptor);
  }
  reserve = open_reserve();
  return descriptor >= 0;
}

Listener::Listener(asio::io_context& loop, HttpStats& stats, std::size_t max_connections, bool tls,
                   Take take)
    : impl_(std::make_unique<Impl>(loop, stats, max_connections, tls, std::move(take))) {}
Listener::~Listener() = default;

Status Listener::open(const std::string& host, std::uint16_t port) {
  ErrorCode error;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    return fail(Code::kInvalid,
                "cannot listen on '{}': a numeric address is needed, such as 127.0.0.1", host);
  }
  const tcp::endpoint endpoint(address, port);
  auto& acceptor = impl_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.set_option(Acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(Acceptor::max_listen_connections, error);
  }
  if (!error) {
    acceptor.non_blocking(true, error);
  }
  if (!error) {
    impl_->port = acceptor.local_endpoint(error).port();
  }
  if (error) {
    return fail(Code::kConflict, "cannot listen on {} port {}: {}; choose another port", host, port,
                error.message());
  }
  impl_->v6 = address.is_v6();
  impl_->reserve = open_reserve();
  return {};
}

std::uint16_t Listener::port() const noexcept {
  return impl_->port;
}
bool Listener::is_v6() const noexcept {
  return impl_->v6;
}
void Listener::start() {
  impl_->wait();
}

void Listener::close() {
  if (!impl_->acceptor.is_open()) {
    return;
  }
  impl_->accept_all();
  ErrorCode ignored;  // the descriptor is released, whatever it says
  impl_->acceptor.close(ignored);
  impl_->pause.cancel();
}

}  // namespace bascule
