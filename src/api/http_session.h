// HTTP/1.1 on one connection.
//
// Pipelined requests are answered in order, out of one read into one write. While a handler owes an
// answer nothing more is read from the connection.
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
#include "api/session.h"
#include "base/clock.h"

namespace bascule {

// "Tue, 24 Nov 2026 15:46:42 GMT"
std::string http_date(TimeUs now);
// The code in the body of an answer that no handler made.
std::string_view refusal_code(int status) noexcept;

class HttpSession final : public Session {
 public:
  explicit HttpSession(HttpSessionEnv& env) : env_(env) {}

  // Who is told that an answer is complete, and who asks; set once, before the first byte.
  void set_sink(std::weak_ptr<AnswerSink> sink) { sink_ = std::move(sink); }
  void set_peer(std::string peer) { peer_ = std::move(peer); }
  const std::string& peer() const noexcept { return peer_; }

  void received(std::span<const char> bytes) override;
  void resume() override;
  // True inside a call of the handler: `answered` needs no more than `mark_answered` then.
  bool in_handler() const noexcept { return in_handler_; }
  void mark_answered() noexcept { answered_ = true; }
  // The answer that was owed is there.
  void complete();
  // Answers 408 if a message has begun; then nothing more is read.
  bool time_out() override;
  void peer_closed() override;

  Phase phase() const noexcept override;
  std::uint64_t messages() const noexcept override { return messages_; }
  std::int64_t since_ns() const noexcept override {
    return phase() == Phase::kIdle && idle_since_ns_ != 0 ? idle_since_ns_
                                                          : env_.clock.monotonic_ns();
  }
  std::uint64_t announced_bytes() const override {
    return parser_.header_done() ? parser_.content_length().value_or(0) : 0;
  }
  std::string& output() noexcept override { return output_; }
  bool wants_input() const noexcept override {
    return !owes_answer_ && !closing_ && output_.size() < kOutputBytes;
  }
  bool has_pending_input() const noexcept override { return !pending_.empty(); }
  bool should_linger() const noexcept override { return linger_; }

 private:
  // Beyond it no further pipelined request is answered before the output is written.
  static constexpr std::size_t kOutputBytes = 256 << 10;

  std::size_t consume(std::span<const char> bytes);
  bool begin_body();
  void dispatch();
  // Undoes the body's Content-Encoding; when it cannot, the answer is there.
  bool unpack_body(HttpRequest& request);
  void finish_answer();
  void refuse(int status, std::string_view message);
  // Sends `response_`; nothing more is read.
  void answer_and_close();
  void write_response(bool head_only);

  HttpSessionEnv& env_;
  std::weak_ptr<AnswerSink> sink_;
  std::string peer_;
  RequestParser parser_;
  HttpResponse response_;
  std::string output_;
  std::string unpacked_;  // the body, when it came packed
  std::string pending_;   // read, but not used yet
  std::uint64_t messages_ = 0;
  std::int64_t idle_since_ns_ = 0;  // the last request that was answered at once; 0: another
  bool owes_answer_ = false;
  bool in_handler_ = false;
  bool answered_ = false;
  bool keep_alive_ = true;
  bool closing_ = false;
  bool linger_ = false;
};

}  // namespace bascule
