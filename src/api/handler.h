// The seam between HTTP and the service: a request comes in whole, an answer goes out whole.
//
// A handler belongs to one event loop and is called on its thread, one request at a time per
// connection. It answers at once, or moves the Responder to another thread and answers from there;
// the connection reads nothing more until then. Request and response live until `send`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOther };
std::string_view method_name(Method method) noexcept;

// Header names and the tokens in their values: equal in any case of ASCII letters.
bool same_token(std::string_view a, std::string_view b) noexcept;

struct HttpHeader {
  std::string_view name;  // as sent
  std::string_view value;
};

// Bytes after a body that may be read (and mean nothing): simdjson reads whole blocks.
inline constexpr std::size_t kBodyPadding = 64;

// All views borrow from the connection.
struct HttpRequest {
  Method method = Method::kOther;
  std::string_view method_text;
  std::string_view path;   // from "/" on, not decoded
  std::string_view query;  // behind "?", not decoded
  std::span<const HttpHeader> headers;
  std::string_view body;  // kBodyPadding readable bytes follow
  bool http_1_1 = true;
  bool keep_alive = true;
  bool http_2 = false;
  bool grpc = false;               // a gRPC call, over HTTP/2: see api/grpc.h for its answer
  std::int64_t started_ns = 0;     // monotonic, when the message was complete
  std::int64_t call_began_ns = 0;  // monotonic, of a message of a stream: when the stream began
  std::string_view peer;           // "127.0.0.1:51324"; empty when nobody knows

  // The first header of that name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
};

// Reused from request to request: a warm answer allocates nothing.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";  // text that outlives the answer
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // names outlive the answer
  // To a message of a stream: the body is a message whatever the status, and the stream goes on.
  bool goes_on = false;

  void reset() {
    status = 200;
    content_type = "application/json";
    body.clear();
    headers.clear();
    goes_on = false;
  }
};

// What a Responder tells: the answer is complete. Any thread.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void answered() = 0;
  // False when it is known that nobody takes the answer any more. Any thread.
  virtual bool wanted() const noexcept { return true; }
};

// The duty to answer one request: kept once, by `send`, from any thread. One that is destroyed
// unanswered answers 500, so that no connection waits for ever.
class Responder {
 public:
  Responder() = default;
  Responder(std::shared_ptr<AnswerSink> sink, HttpResponse& response) noexcept
      : sink_(std::move(sink)), response_(&response) {}
  ~Responder();
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;

  bool pending() const noexcept { return sink_ != nullptr; }
  // Whether somebody still waits, as far as is known; `pending` only.
  bool wanted() const noexcept { return sink_->wanted(); }
  // To be filled before `send`; starts as an empty 200.
  HttpResponse& response() noexcept { return *response_; }
  void send();

 private:
  std::shared_ptr<AnswerSink> sink_;
  HttpResponse* response_ = nullptr;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // How long a body may be; asked when the header is there and announces more than
  // kBodyReadUnasked, before any of it is read. `head.body` is empty.
  virtual std::uint64_t body_limit(const HttpRequest& head) = 0;
  // Whether who asks may not: then `answer` says so, and nothing of the body is read. Asked before
  // `body_limit`, for the same requests.
  virtual bool deny(const HttpRequest& /*head*/, HttpResponse& /*answer*/) { return false; }
  // Whether a gRPC call is a stream: then each of its messages is handled as a request, with the
  // call's header, when the one before is answered. An answer that is an error ends the stream,
  // unless it `goes_on`.
  virtual bool streams(const HttpRequest& /*head*/) { return false; }
  // An exception becomes a 500.
  virtual void handle(const HttpRequest& request, Responder responder) = 0;
  // A request that could not be framed, or that `handle` threw at, was answered with `status`.
  virtual void refused(int status, std::string_view peer) = 0;
  // Answers have been written to their sockets: the time for what no client should wait for.
  virtual void after_write() = 0;
  // While the loop is busy, about once a millisecond: what is ready waits `wait_ns` for its turn.
  virtual void waited(std::int64_t /*now_ns*/, std::int64_t /*wait_ns*/) {}
  // About once a second, also while the loop is idle.
  virtual void tick() = 0;
};

// Any route takes a body of this size, if only to refuse it by name and keep the connection.
inline constexpr std::uint64_t kBodyReadUnasked = 64 << 10;

}  // namespace bascule
