// Reads one HTTP/1 request from bytes as they come; knows no socket.
//
// Beast's parser does the reading, because it refuses every form of request smuggling that we know
// (two lengths, a length and a coding, signs, bare line feeds, spaces before colons). This class
// adds limits, refuses codings other than `chunked`, and says which status a refusal deserves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "api/handler.h"

namespace bascule {

class RequestParser {
 public:
  enum class Event : std::uint8_t {
    kNeedMore,  // all that could be used was used
    kHeader,    // the header is complete and a body follows; set the limit, then go on
    kDone,      // the message is complete
    kRefused,   // see `refusal`; the connection cannot be used any further
  };
  struct Refusal {
    int status = 400;
    std::string message;
  };

  RequestParser();
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Starts the next message. Memory is kept, unless the last body was large.
  void reset();
  // Whether any byte of the message has been seen.
  bool started() const noexcept;
  bool header_done() const noexcept;

  // Reads from `bytes`; `used` says how many are done with. Bytes not used must come again, with
  // more behind them.
  Event feed(std::span<const char> bytes, std::size_t& used);

  // From kHeader on; views into this object, until `reset`.
  HttpRequest& request() noexcept;
  std::optional<std::uint64_t> content_length() const;
  bool expects_continue() const noexcept;
  // Refused with 413 beyond it. No limit until it is set.
  void set_body_limit(std::uint64_t bytes) noexcept;
  const Refusal& refusal() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule
