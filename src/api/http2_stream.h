// One request of an HTTP/2 connection, and its answer.
//
// It lives as long as somebody owes its answer, even when the peer or the whole connection is gone:
// then the answer goes nowhere.
// Threads: its loop's only, apart from `answered`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/handler.h"
#include "api/session.h"

namespace bascule {

class Http2Stream final : public AnswerSink, public std::enable_shared_from_this<Http2Stream> {
 public:
  struct Problem {
    int status = 400;
    std::string message;
  };

  Http2Stream(std::int32_t id, std::weak_ptr<SessionOwner> owner, std::int64_t now_ns)
      : id(id), since_ns(now_ns), owner_(std::move(owner)) {}

  // Names and values are copied, up to the limits of a header.
  void add_header(std::string_view name, std::string_view value);
  // Fills the request; what is wrong with the header, if anything.
  std::optional<Problem> finish_header();
  // The body is complete: the request shows it, with its padding.
  void finish_body();
  void answered() override;  // any thread

  // Whether the peer is to do something: send the rest, or take the answer.
  bool waits_for_peer() const noexcept { return (!ended && !owed) || submitted; }

  const std::int32_t id;
  std::shared_ptr<const std::string> peer;  // of its connection, which may be gone before it
  HttpRequest request;                      // from `finish_header` on; views into this object
  HttpResponse response;
  std::string body;
  std::uint64_t content_length = 0;  // announced
  std::uint64_t body_limit = kBodyReadUnasked;
  std::size_t sent = 0;       // of the answer's body
  std::int64_t since_ns = 0;  // when it began to wait for its peer
  bool open = true;           // nghttp2 knows it
  bool header_done = false;
  bool ended = false;      // the request is complete
  bool owed = false;       // a handler owes the answer
  bool submitted = false;  // the answer is nghttp2's
  bool in_handler = false;
  bool answered_in_handler = false;
  std::function<void(Http2Stream&)> submit;  // of its session, while that lives

 private:
  struct Piece {
    std::size_t name = 0, name_size = 0, value = 0, value_size = 0;  // in text_
  };
  std::string_view text(std::size_t at, std::size_t size) const noexcept {
    return std::string_view(text_).substr(at, size);
  }
  std::optional<Problem> take_target(std::string_view target);

  std::weak_ptr<SessionOwner> owner_;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<HttpHeader> headers_;
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
};

}  // namespace bascule
