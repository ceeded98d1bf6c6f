#include "api/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <exception>

namespace bascule {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::string_view kPort = "4318";  // that OTLP over HTTP is assigned
constexpr std::uint64_t kAnswerBytes = 64 << 10;

// One request on a connection of its own: resolve, connect, write, read.
class Exchange {
 public:
  Exchange(const Collector& collector, std::string_view body)
      : collector_(collector), resolver_(context_), stream_(context_) {
    namespace http = beast::http;
    request_.method(http::verb::post);
    request_.target(collector.target());
    request_.version(11);
    request_.set(http::field::host, fmt::format("{}:{}", collector.host(), collector.port()));
    request_.set(http::field::content_type, "application/x-protobuf");
    request_.set(http::field::user_agent, "bascule");
    request_.keep_alive(false);
    request_.body() = {body.data(), body.size()};
    request_.prepare_payload();
    answer_.body_limit(kAnswerBytes);
  }

  bool run(std::chrono::milliseconds timeout) {
    resolver_.async_resolve(collector_.host(), collector_.port(),
                            [this](ErrorCode error, const tcp::resolver::results_type& addresses) {
                              if (!error) {
                                connect(addresses);
                              }
                            });
    context_.run_for(timeout);
    return accepted_;
  }

 private:
  void connect(const tcp::resolver::results_type& addresses) {
    stream_.async_connect(addresses, [this](ErrorCode error, const tcp::endpoint&) {
      if (!error) {
        write();
      }
    });
  }
  void write() {
    beast::http::async_write(stream_, request_, [this](ErrorCode error, std::size_t) {
      if (!error) {
        read();
      }
    });
  }
  void read() {
    beast::http::async_read(stream_, buffer_, answer_, [this](ErrorCode error, std::size_t) {
      accepted_ = !error && answer_.get().result_int() / 100 == 2;
    });
  }

  const Collector& collector_;
  asio::io_context context_{1};
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::http::request<beast::http::span_body<const char>> request_;
  beast::flat_buffer buffer_;
  beast::http::response_parser<beast::http::string_body> answer_;
  bool accepted_ = false;
};

bool is_digits(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Result<Collector> Collector::parse(std::string_view endpoint) {
  constexpr std::string_view kScheme = "http://";
  const auto bad = [&] {
    return fail(Code::kInvalid,
                "the OTLP endpoint '{}' must be http://<host>[:<port>][/<path>]; for TLS run a "
                "collector on this machine",
                endpoint);
  };
  if (!endpoint.starts_with(kScheme)) {
    return bad();
  }
  const auto rest = endpoint.substr(kScheme.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view host = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  std::string_view port = kPort;
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  constexpr std::string_view kNotHere = "@?# \t\r\n";
  if (host.empty() || !is_digits(port) || rest.find_first_of(kNotHere) != std::string_view::npos) {
    return bad();
  }
  return Collector(std::string(host), std::string(port), std::string(path) + "/v1/traces");
}

bool Collector::post(std::string_view body, std::int64_t timeout_ms) const {
  try {
    return Exchange(*this, body).run(std::chrono::milliseconds(timeout_ms));
  } catch (const std::exception&) {
    return false;  // out of descriptors, or of threads to resolve a name
  }
}

}  // namespace bascule
