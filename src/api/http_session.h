// One connection's protocol, without its socket: bytes in, bytes out.
//
// Pipelined requests are answered in order, out of one read into one write. While a handler owes an
// answer nothing more is read from the connection. What times out and when is for the owner of the
// socket to watch: `phase` says what the session waits for.
// Threads: its loop's only; `answered` of the sink may come from anywhere, `complete` may not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/content_coding.h"
#include "api/handler.h"
#include "api/request_parser.h"
#include "base/clock.h"

namespace bascule {

// What the sessions of one loop share. Outlives them.
struct HttpSessionEnv {
  HttpHandler& handler;
  const Clock& clock;
  std::string date;  // of now, for the Date header
  bool draining = false;
  std::uint64_t handler_exceptions = 0;
  Packer packer = {};
};

// "Tue, 24 Nov 2026 15:46:42 GMT"
std::string http_date(TimeUs now);

class HttpSession {
 public:
  enum class Phase : std::uint8_t {
    kIdle,       // between messages
    kHeader,     // a message has begun
    kBody,       // its header is there
    kAnswering,  // a handler owes an answer
    kClosing,    // nothing more is read; close when the output is written
  };

  explicit HttpSession(HttpSessionEnv& env) : env_(env) {}
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // Who is told that an answer is complete; set once, before the first byte.
  void set_sink(std::weak_ptr<AnswerSink> sink) { sink_ = std::move(sink); }

  // Reads, handles and answers what it can.
  void received(std::span<const char> bytes);
  // Goes on with what came while an answer was owed, or while too much output waited.
  void resume();
  // True inside a call of the handler: `answered` needs no more than `mark_answered` then.
  bool in_handler() const noexcept { return in_handler_; }
  void mark_answered() noexcept { answered_ = true; }
  // The answer that was owed is there.
  void complete();
  // Answers 408 if a message has begun; then nothing more is read.
  void time_out();
  // Nothing more will come. An unfinished message is dropped.
  void peer_closed();

  Phase phase() const noexcept;
  // How many messages are over: a phase of another message has a deadline of its own.
  std::uint64_t messages() const noexcept { return messages_; }
  // The length that the header of the message announces; 0 before, and for a chunked body.
  std::uint64_t announced_bytes() const {
    return parser_.header_done() ? parser_.content_length().value_or(0) : 0;
  }
  // To be written; clear it then.
  std::string& output() noexcept { return output_; }
  // Whether reading makes sense now.
  bool wants_input() const noexcept {
    return !owes_answer_ && !closing_ && output_.size() < kOutputBytes;
  }
  bool has_pending_input() const noexcept { return !pending_.empty(); }
  // The peer may still be sending a body that nobody reads: linger before closing.
  bool should_linger() const noexcept { return linger_; }

 private:
  // Beyond it no further pipelined request is answered before the output is written.
  static constexpr std::size_t kOutputBytes = 256 << 10;

  std::size_t consume(std::span<const char> bytes);
  bool begin_body();
  void dispatch();
  // Undoes the body's Content-Encoding; when it cannot, the answer is there.
  bool unpack_body(HttpRequest& request);
  void pack_answer();
  void finish_answer();
  void refuse(int status, std::string_view message);
  void write_response(bool head_only);

  HttpSessionEnv& env_;
  std::weak_ptr<AnswerSink> sink_;
  RequestParser parser_;
  HttpResponse response_;
  std::string output_;
  std::string unpacked_;  // the body, when it came packed
  std::string pending_;   // read, but not used yet
  std::uint64_t messages_ = 0;
  bool owes_answer_ = false;
  bool in_handler_ = false;
  bool answered_ = false;
  bool keep_alive_ = true;
  bool closing_ = false;
  bool linger_ = false;
};

}  // namespace bascule
