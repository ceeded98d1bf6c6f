#include "api/telemetry/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>
#include <exception>
#include <optional>

namespace bascule {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::string_view kPort = "4318";  // that OTLP over HTTP is assigned

// `Retry-After` in seconds; its other form, a date, is left to our own patience.
std::int64_t milliseconds_of(std::string_view seconds) noexcept {
  constexpr std::int64_t kDay = 86'400;
  std::int64_t number = 0;
  const char* first = seconds.data();
  const char* last = first + seconds.size();
  const auto [stop, error] = std::from_chars(first, last, number);
  const bool whole = error == std::errc() && stop == last && number > 0;
  return whole ? std::min(number, kDay) * 1000 : 0;
}

// One request: resolve, connect, write, read.
class Exchange {
 public:
  Exchange(const Collector& collector, std::string_view body)
      : collector_(collector), resolver_(context_), stream_(context_) {
    namespace http = beast::http;
    request_.method(http::verb::post);
    request_.target(collector.target());
    request_.version(11);
    request_.set(http::field::host, fmt::format("{}:{}", collector.host(), collector.port()));
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::user_agent, "bascule");
    request_.keep_alive(false);
    request_.body() = {body.data(), body.size()};
    request_.prepare_payload();
  }

  SpanExporter::Reply run(std::chrono::milliseconds timeout) {
    resolver_.async_resolve(collector_.host(), collector_.port(),
                            [this](ErrorCode error, const tcp::resolver::results_type& addresses) {
                              if (!error) {
                                connect(addresses);
                              }
                            });
    context_.run_for(timeout);
    if (!reply_.is_header_done()) {
      return {};
    }
    const std::string_view retry_after = reply_.get()[beast::http::field::retry_after];
    return {.status = static_cast<int>(reply_.get().result_int()),
            .retry_after_ms = milliseconds_of(retry_after)};
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
  // What the body says is for nobody here.
  void read() {
    beast::http::async_read_header(stream_, buffer_, reply_, [](ErrorCode, std::size_t) {});
  }

  const Collector& collector_;
  asio::io_context context_{1};
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::http::request<beast::http::span_body<const char>> request_;
  beast::flat_buffer buffer_;
  beast::http::response_parser<beast::http::empty_body> reply_;
};

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

struct Address {
  std::string_view host;
  std::string_view port = kPort;
};

// "host", "host:port", "[::1]", "[::1]:port".
std::optional<Address> parse_address(std::string_view text) {
  Address address;
  const bool brackets = text.starts_with('[');
  const auto end = brackets ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  address.host = brackets ? text.substr(1, end - 1) : text.substr(0, end);
  const auto rest = text.substr(brackets ? end + 1 : end);
  if (!rest.empty()) {
    address.port = rest.substr(1);
  }
  const bool good = !address.host.empty() && (rest.empty() || rest[0] == ':');
  return good && is_port(address.port) ? std::optional(address) : std::nullopt;
}

}  // namespace

Result<Collector> Collector::parse(std::string_view endpoint) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::string_view kNotHere = "@?# \t\r\n";
  if (endpoint.starts_with(kScheme) && endpoint.find_first_of(kNotHere) == std::string_view::npos) {
    const auto rest = endpoint.substr(kScheme.size());
    const auto slash = std::min(rest.find('/'), rest.size());
    std::string_view path = rest.substr(slash);
    while (path.ends_with('/')) {
      path.remove_suffix(1);
    }
    if (const auto address = parse_address(rest.substr(0, slash))) {
      return Collector(std::string(address->host), std::string(address->port),
                       std::string(path) + "/v1/traces");
    }
  }
  return fail(Code::kInvalid,
              "the trace endpoint '{}' must be http://<host>[:<port>][/<path>]; for TLS run a "
              "collector on this machine",
              endpoint);
}

SpanExporter::Reply Collector::post(std::string_view body, std::int64_t timeout_ms) const {
  try {
    return Exchange(*this, body).run(std::chrono::milliseconds(timeout_ms));
  } catch (const std::exception&) {
    return {};  // out of descriptors, or of threads to resolve a name
  }
}

}  // namespace bascule
