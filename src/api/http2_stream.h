// One request of an HTTP/2 connection, and its answer.
//
// Or a stream of gRPC messages: each is a request with an answer of its own, one after the other,
// so that answers come in the order of their messages. While one is being answered, and until the
// peer has taken the answer, the next ones wait in `frames` and the stream's window stays closed
// behind them.
//
// It lives as long as somebody owes its answer, even when the peer or the whole connection is gone:
// then the answer goes nowhere.
// Threads: its loop's only, apart from `answered` and `wanted`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/content_coding.h"
#include "api/grpc.h"
#include "api/handler.h"
#include "api/session.h"
#include "base/limits.h"

namespace bascule {

class Http2Stream final : public AnswerSink, public std::enable_shared_from_this<Http2Stream> {
 public:
  struct Problem {
    int status = 400;
    std::string message;
  };

  // `peer` is of its connection, which may be gone before it.
  Http2Stream(std::int32_t id, std::weak_ptr<SessionOwner> owner,
              std::shared_ptr<const std::string> peer, std::int64_t now_ns)
      : id(id), since_ns(now_ns), owner_(std::move(owner)), peer_(std::move(peer)) {}

  // Names and values are copied, up to the limits of a header.
  void add_header(std::string_view name, std::string_view value);
  // Fills the request; what is wrong with the header, if anything.
  std::optional<Problem> finish_header();
  // The body is complete: the request shows it, with its padding, and unpacked if it came packed.
  // Fails as `unpacked_body` and `unpacked_grpc_body` do.
  Status finish_body(HttpHandler& handler);
  void answered() override;  // any thread
  bool wanted() const noexcept override { return open.load(std::memory_order_relaxed); }

  // Whether the peer is to do something: send the rest, or take the answer.
  bool waits_for_peer() const noexcept {
    if (submitted || owed) {
      return submitted;
    }
    return streaming ? has_unsent() || wait == Wait::kRest : !ended;
  }
  // Of a stream whose answer is over: whether it is reset although its request is not, as one of
  // messages and one that came too late are. Of others the rest is read first.
  bool may_be_cut() const noexcept { return !ended && (streaming || response.status == 408); }
  // Counts what came of the body after its refusal; whether that is now too much.
  bool throw_away(std::size_t bytes) noexcept {
    const bool was_too_much = thrown_away_ > limits::kHttpLingerBytes;
    thrown_away_ += bytes;
    return !was_too_much && thrown_away_ > limits::kHttpLingerBytes;
  }
  bool has_unsent() const noexcept { return sent < response.body.size(); }

  const std::int32_t id;
  HttpRequest request;  // from `finish_header` on; views into this object
  HttpResponse response;
  std::string body;
  std::uint64_t content_length = 0;  // announced
  std::uint64_t body_limit = kBodyReadUnasked;
  std::size_t sent = 0;          // of the answer's body
  std::int64_t since_ns = 0;     // when it began to wait for its peer
  std::atomic<bool> open{true};  // nghttp2 knows it; written by its loop
  bool header_done = false;
  bool ended = false;      // the request is complete
  bool owed = false;       // a handler owes the answer
  bool submitted = false;  // the answer is nghttp2's
  bool in_handler = false;
  bool answered_in_handler = false;
  std::function<void(Http2Stream&)> submit;  // of its session, while that lives
  std::size_t held = 0;                      // bytes of it that Http2Streams has counted

  // Of gRPC calls.
  Coding answer_coding = Coding::kIdentity;
  std::string grpc_status, grpc_message;  // the trailers, when the answer is complete

  // Of a stream of messages.
  enum class Wait : std::uint8_t {
    kNothing,  // there may be something to do
    kRest,     // for the rest of a message that has begun
    kMessage,  // for a message or the end: it rests
  };
  bool streaming = false;
  bool begun = false;  // the answer's header is nghttp2's
  Wait wait = Wait::kNothing;
  GrpcFrames frames;
  std::size_t unconsumed = 0;  // of the stream's window: bytes that came
  std::uint32_t messages = 0;  // begun

 private:
  struct Piece {
    std::size_t name = 0, name_size = 0, value = 0, value_size = 0;  // in text_
  };
  std::string_view text(std::size_t at, std::size_t size) const noexcept {
    return std::string_view(text_).substr(at, size);
  }
  std::optional<Problem> take_target(std::string_view target);
  void show_body() noexcept;

  std::weak_ptr<SessionOwner> owner_;
  std::shared_ptr<const std::string> peer_;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<HttpHeader> headers_;
  std::size_t header_bytes_ = 0;
  std::size_t thrown_away_ = 0;
  bool too_large_ = false;
};

// The open streams of a connection: which of them waits, and what they hold.
class Http2Streams {
 public:
  void add(std::shared_ptr<Http2Stream> stream) { streams_.push_back(std::move(stream)); }
  // Whether there was one.
  bool close(std::int32_t id);
  void close_all();

  std::span<const std::shared_ptr<Http2Stream>> all() const noexcept { return streams_; }
  // The stream that has waited longest for its peer; null when none does.
  const Http2Stream* oldest_waiting() const noexcept;
  bool owes_answer() const noexcept;
  bool has_streaming() const noexcept;

  // What came of the stream is counted anew.
  void count_bytes(Http2Stream& stream);
  // Whether `more` bytes may be held.
  bool may_hold(std::size_t more) const noexcept;

 private:
  std::vector<std::shared_ptr<Http2Stream>> streams_;
  std::size_t held_bytes_ = 0;
};

}  // namespace bascule
