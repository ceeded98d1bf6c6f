#include "api/request_parser.h"

#include <fmt/format.h>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/limits.h"

namespace bascule {
namespace {

namespace http = boost::beast::http;
using BeastView = boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

// A body beyond this is given back to the allocator after its message.
constexpr std::size_t kKeptBodyBytes = 64 << 10;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string_view plain(BeastView text) noexcept {
  return {text.data(), text.size()};
}

Method method_of(http::verb verb) noexcept {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::put:
      return Method::kPut;
    case http::verb::delete_:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

// A piece of `text`, by position: the string may move while it grows.
struct Piece {
  std::size_t at = 0;
  std::size_t size = 0;
};

class Reader;

// One message, in memory that outlives it.
struct Message {
  std::string text;  // method, target, headers, one after the other
  std::vector<std::pair<Piece, Piece>> fields;
  std::vector<HttpHeader> headers;
  std::string body;
  HttpRequest request;
  RequestParser::Refusal refusal;
  Piece method_text, target;
  std::uint64_t announced = 0;  // bytes of the body; of one in chunks nobody knows
  std::uint64_t body_limit = UINT64_MAX;
  std::size_t header_bytes = 0;
  bool expects_continue = false;
  bool started = false;

  Piece keep(BeastView view) {
    const Piece piece{text.size(), view.size()};
    text.append(view.data(), view.size());
    return piece;
  }
  std::string_view view(Piece piece) const noexcept { return {text.data() + piece.at, piece.size}; }

  void refuse(ErrorCode& error, int status, std::string message) {
    refusal = {status, std::move(message)};
    error = http::error::bad_value;
  }
  // Counts header bytes, trailers too.
  void count(ErrorCode& error, std::size_t bytes) {
    header_bytes += bytes;
    if (header_bytes > limits::kHttpHeaderBytes) {
      refuse(error, 431,
             fmt::format("the header is larger than {} bytes", limits::kHttpHeaderBytes));
    }
  }
  void append_body(BeastView piece, ErrorCode& error) {
    if (piece.size() > body_limit - body.size()) {
      refuse(error, 413, fmt::format("the body is larger than {} bytes", body_limit));
      return;
    }
    // Room for as much as a caller announced has one who has sent the beginning.
    if (body.size() >= kKeptBodyBytes / 2 && body.capacity() < announced) {
      body.reserve(std::min(announced, body_limit) + kBodyPadding);
    }
    body.append(piece.data(), piece.size());
  }
  void reset() {
    text.clear();
    fields.clear();
    headers.clear();
    announced = 0;
    body.clear();
    if (body.capacity() > kKeptBodyBytes + kBodyPadding) {
      std::string().swap(body);
    }
    request = HttpRequest{};
    refusal = {400, {}};
    body_limit = UINT64_MAX;
    header_bytes = 0;
    expects_continue = false;
    started = false;
  }
  void finish_header(const Reader& parser, ErrorCode& error);
  void split_target(ErrorCode& error);
  void refuse_with(ErrorCode error);
};

// Beast calls these as it reads.
class Reader final : public http::basic_parser<true> {
 public:
  explicit Reader(Message& message) : message_(message) {
    eager(false);
    body_limit(boost::none);
    header_limit(limits::kHttpHeaderBytes + 1);
  }

 private:
  void on_request_impl(http::verb verb, BeastView method, BeastView target, int version,
                       ErrorCode& error) override {
    message_.request.method = method_of(verb);
    message_.request.http_1_1 = version == 11;
    message_.method_text = message_.keep(method);
    message_.target = message_.keep(target);
    if (target.size() > limits::kHttpTargetBytes) {
      message_.refuse(error, 414,
                      fmt::format("the path is longer than {} bytes", limits::kHttpTargetBytes));
    }
    message_.count(error, method.size() + target.size() + 12);
  }
  void on_response_impl(int, BeastView, int, ErrorCode&) override {}

  void on_field_impl(http::field field, BeastView name, BeastView value,
                     ErrorCode& error) override {
    message_.count(error, name.size() + value.size() + 4);
    if (error || is_header_done()) {
      return;  // trailers are counted and dropped
    }
    if (message_.fields.size() == limits::kHttpHeaders) {
      message_.refuse(error, 431, fmt::format("more than {} headers", limits::kHttpHeaders));
      return;
    }
    // Beast takes `gzip, chunked`, and reads a request whose last coding is another one as if it
    // had no body: what follows would be read as the next request.
    if (field == http::field::transfer_encoding &&
        (!same_token(plain(value), "chunked") || !message_.request.http_1_1)) {
      message_.refuse(error, 501, "the only transfer coding is chunked, in HTTP/1.1");
      return;
    }
    message_.fields.emplace_back(message_.keep(name), message_.keep(value));
  }
  void on_header_impl(ErrorCode& error) override { message_.finish_header(*this, error); }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    message_.announced = length.value_or(0);
    if (length && *length <= kKeptBodyBytes) {
      message_.body.reserve(static_cast<std::size_t>(*length) + kBodyPadding);
    }
  }
  std::size_t on_body_impl(BeastView piece, ErrorCode& error) override {
    message_.append_body(piece, error);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, BeastView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView piece, ErrorCode& error) override {
    message_.append_body(piece, error);
    return piece.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  Message& message_;
};

void Message::finish_header(const Reader& parser, ErrorCode& error) {
  headers.clear();
  for (const auto& [name, value] : fields) {
    headers.push_back({view(name), view(value)});
  }
  request.method_text = view(method_text);
  request.headers = headers;
  request.keep_alive = parser.keep_alive();
  split_target(error);
  if (error) {
    return;
  }
  const std::size_t hosts = request.count("host");
  if (hosts > 1 || (hosts == 0 && request.http_1_1)) {
    refuse(error, 400, "HTTP/1.1 asks for one Host header");
    return;
  }
  // Beast takes one that is repeated; what stands in front of us may have read another one.
  if (request.count("content-length") > 1 ||
      request.header("content-length").find(',') != std::string_view::npos) {
    refuse(error, 400, "a request has one Content-Length");
    return;
  }
  const auto expect = request.header("expect");
  if (!expect.empty() && !same_token(expect, "100-continue")) {
    refuse(error, 417, fmt::format("cannot meet the expectation '{}'", expect));
    return;
  }
  expects_continue = !expect.empty() && request.http_1_1;
}

// A path, or the absolute form that proxies use (RFC 9112, section 3.2.2).
void Message::split_target(ErrorCode& error) {
  std::string_view rest = view(target);
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!rest.starts_with(scheme)) {
      continue;
    }
    rest.remove_prefix(scheme.size());
    const auto slash = rest.find('/');
    rest = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    break;
  }
  if (!rest.starts_with('/')) {
    refuse(error, 400, "the request's target must be a path");
    return;
  }
  const auto mark = rest.find('?');
  request.path = rest.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
}

void Message::refuse_with(ErrorCode error) {
  if (!refusal.message.empty()) {
    return;  // ours, set before
  }
  if (error == http::error::header_limit) {
    refusal = {431, fmt::format("the header is larger than {} bytes", limits::kHttpHeaderBytes)};
  } else if (error == http::error::bad_version) {
    refusal = {505, "the version of HTTP must be 1.0 or 1.1"};
  } else {
    refusal = {400, fmt::format("the request is not HTTP: {}", error.message())};
  }
}

}  // namespace

struct RequestParser::Impl {
  Message message;
  std::optional<Reader> reader;  // made anew for each message, in place
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {
  reset();
}
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  Impl& impl = *impl_;
  impl.message.reset();
  impl.reader.emplace(impl.message);
}

bool RequestParser::started() const noexcept {
  return impl_->message.started;
}
bool RequestParser::header_done() const noexcept {
  return impl_->reader->is_header_done();
}

RequestParser::Event RequestParser::feed(std::span<const char> bytes, std::size_t& used) {
  Impl& impl = *impl_;
  used = 0;
  if (!bytes.empty()) {
    impl.message.started = true;
  }
  while (used < bytes.size()) {
    const bool header_was_done = impl.reader->is_header_done();
    ErrorCode error;
    const auto rest = bytes.subspan(used);
    // As much always follows. Beast asserts it of a last chunk that it has seen the beginning of.
    if (header_was_done && impl.reader->chunked() && rest.size() < kLastChunk.size()) {
      return Event::kNeedMore;
    }
    const std::size_t body_was = impl.message.body.size();
    const auto taken = impl.reader->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    used += taken;
    // The line of a chunk and the trailers, which are read whole or not at all, are limited however
    // they come; a header has Beast's limit.
    const bool waits = error == http::error::need_more;
    std::size_t lines = waits ? bytes.size() - used : 0;
    if (!error && header_was_done && impl.message.body.size() == body_was) {
      lines = taken;
    }
    if (lines > limits::kHttpHeaderBytes) {
      error = http::error::header_limit;
    } else if (waits) {
      return Event::kNeedMore;
    }
    if (error) {
      impl.message.refuse_with(error);
      return Event::kRefused;
    }
    if (impl.reader->is_done()) {
      const std::size_t size = impl.message.body.size();
      impl.message.body.append(kBodyPadding, '\0');
      impl.message.request.body = std::string_view(impl.message.body.data(), size);
      return Event::kDone;
    }
    if (!header_was_done && impl.reader->is_header_done()) {
      return Event::kHeader;
    }
  }
  return Event::kNeedMore;
}

HttpRequest& RequestParser::request() noexcept {
  return impl_->message.request;
}

std::optional<std::uint64_t> RequestParser::content_length() const {
  const auto length = impl_->reader->content_length();
  if (!length) {
    return std::nullopt;
  }
  return *length;
}

bool RequestParser::expects_continue() const noexcept {
  return impl_->message.expects_continue;
}
void RequestParser::set_body_limit(std::uint64_t bytes) noexcept {
  impl_->message.body_limit = bytes;
}
const RequestParser::Refusal& RequestParser::refusal() const noexcept {
  return impl_->message.refusal;
}

}  // namespace bascule
