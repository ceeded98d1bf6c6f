// The limit: the least that can answer an Open Inference request of one row, kept to compare the
// service with.
//
// One thread, epoll, simdjson, a logistic regression of 30 numbers. No timeouts, no limits, no
// checks, no log: it reads a request that is whole in one read, as bench/load.cc sends it.
// Prints where it listens. bench/serve.py runs it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <simdjson.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::bench {
namespace {

constexpr std::size_t kColumns = 30;

// A listening socket on a free port of the loopback.
int listen_on_loopback(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("minimal server");
    std::exit(1);
  }
  port = ntohs(address.sin_port);
  return listener;
}

class MinimalServer {
 public:
  MinimalServer(int listener, std::vector<double> weights)
      : listener_(listener), epoll_(::epoll_create1(0)), weights_(std::move(weights)) {
    watch(listener_);
  }

  [[noreturn]] void serve() {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
        descriptor == listener_ ? accept_one() : answer(descriptor);
      }
    }
  }

 private:
  void watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void accept_one() {
    const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int on = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(peer);
  }

  void answer(int peer) {
    const auto got = ::recv(peer, input_.data(), input_.size() - simdjson::SIMDJSON_PADDING, 0);
    if (got <= 0) {
      ::close(peer);
      return;
    }
    const std::string_view request(input_.data(), static_cast<std::size_t>(got));
    const std::size_t body = request.find("\r\n\r\n") + 4;
    const double score = score_of(input_.data() + body, request.size() - body);
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), score);
    const std::string_view number(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
    constexpr std::string_view kBefore =
        R"({"model_name":"m","outputs":[{"name":"p","datatype":"FP64","shape":[1,1],"data":[)";
    constexpr std::string_view kAfter = "]}]}";
    output_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    output_ += std::to_string(kBefore.size() + number.size() + kAfter.size());
    output_.append("\r\n\r\n").append(kBefore).append(number).append(kAfter);
    static_cast<void>(::send(peer, output_.data(), output_.size(), MSG_NOSIGNAL));
  }

  double score_of(const char* body, std::size_t size) {
    auto document = parser_.iterate(body, size, size + simdjson::SIMDJSON_PADDING);
    double sum = 0;
    std::size_t i = 0;
    for (auto tensor : document["inputs"].get_array()) {
      for (const double value : tensor["data"].get_array()) {
        sum += weights_[i++ % weights_.size()] * value;
      }
    }
    return 1 / (1 + std::exp(-sum));
  }

  const int listener_;
  const int epoll_;
  const std::vector<double> weights_;
  simdjson::ondemand::parser parser_;
  std::array<char, 64 << 10> input_;
  std::string output_;
};

[[noreturn]] void run() {
  std::vector<double> weights;
  for (std::size_t i = 0; i < kColumns; ++i) {
    weights.push_back(std::cos(static_cast<double>(i)));
  }
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  std::printf("127.0.0.1:%d\n", port);
  std::fflush(stdout);
  MinimalServer(listener, std::move(weights)).serve();
}

}  // namespace
}  // namespace bascule::bench

int main() {
  bascule::bench::run();
}
