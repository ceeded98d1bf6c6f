#include "api/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "api/http_server.h"
#include "api/poller.h"

namespace bascule {
namespace {

using http::Descriptor;
using http::Poller;

constexpr std::int64_t kPauseMs = 100;  // when there are no descriptors at all

Descriptor open_reserve() noexcept {
  return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
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

struct Listener::Impl final : Poller::Target {
  Impl(Poller& loop, HttpStats& stats, std::size_t max_connections, bool tls, Take take)
      : loop(loop),
        stats(stats),
        max_connections(max_connections),
        take(std::move(take)),
        full(tls ? std::string() : full_answer()) {}

  void ready() override;
  void wait_for(Poller::Interest now);
  void wait_longer();
  // False when the kernel has no memory, or no descriptor left even for turning a peer away.
  bool accept_all();
  void turn_away(int descriptor);
  bool turn_one_away();

  Poller& loop;
  Descriptor acceptor;
  Poller::Interest interest = Poller::Interest::kNone;
  HttpStats& stats;
  const std::size_t max_connections;
  const Take take;
  const std::string full;
  std::uint16_t port = 0;
  Descriptor reserve;
};

void Listener::Impl::wait_for(Poller::Interest now) {
  if (loop.watch(acceptor.number(), interest, now, *this)) {
    interest = now;
  }
}

void Listener::Impl::ready() {
  if (acceptor.is_open() && !accept_all()) {
    wait_longer();
  }
}

void Listener::Impl::wait_longer() {
  wait_for(Poller::Interest::kNone);
  loop.after(kPauseMs, [this] {
    if (!acceptor.is_open()) {
      return;
    }
    if (!reserve.is_open()) {
      reserve = open_reserve();
    }
    wait_for(Poller::Interest::kRead);
  });
}

bool Listener::Impl::accept_all() {
  for (;;) {
    const int descriptor =
        ::accept4(acceptor.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
      if (errno == EINTR || errno == ECONNABORTED) {
        continue;
      }
      if (errno == ENOMEM || errno == ENOBUFS) {
        return false;
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
  if (!reserve.is_open()) {
    return false;
  }
  reserve.close();
  const int descriptor = ::accept4(acceptor.number(), nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) {
    turn_away(descriptor);
  }
  reserve = open_reserve();
  return descriptor >= 0;
}

Listener::Listener(Poller& loop, HttpStats& stats, std::size_t max_connections, bool tls, Take take)
    : impl_(std::make_unique<Impl>(loop, stats, max_connections, tls, std::move(take))) {}
Listener::~Listener() = default;

Status Listener::open(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() ||
      ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return fail(Code::kInvalid,
                "cannot listen on '{}': a numeric address is needed, such as 127.0.0.1", host);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> address(found, &::freeaddrinfo);
  Descriptor acceptor(
      ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const int on = 1;
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (!acceptor.is_open() ||
      ::setsockopt(acceptor.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(acceptor.number(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(acceptor.number(), SOMAXCONN) != 0 ||
      ::getsockname(acceptor.number(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return fail(Code::kConflict, "cannot listen on {} port {}: {}; choose another port", host, port,
                std::generic_category().message(errno));
  }
  // Both families have the port at the same place.
  impl_->port = ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
  impl_->acceptor = std::move(acceptor);
  impl_->reserve = open_reserve();
  return {};
}

std::uint16_t Listener::port() const noexcept {
  return impl_->port;
}
void Listener::start() {
  impl_->wait_for(Poller::Interest::kRead);
}

void Listener::close() {
  if (!impl_->acceptor.is_open()) {
    return;
  }
  impl_->accept_all();
  impl_->acceptor.close();
}

}  // namespace bascule
