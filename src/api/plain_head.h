// The header that nearly all requests of HTTP/1.1 have, read in one pass.
//
// It is a strict part of what Beast takes, and only what can be read in one way: letters, digits
// and a few signs in the target, printable ASCII in the values, no length or host twice, and none
// of the headers that say how a message goes on (Transfer-Encoding, Connection, Expect, ...).
// Whatever else comes, and whatever has not come whole, is Beast's: see request_parser.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "api/handler.h"

namespace bascule {

// Views into what was read.
struct PlainHead {
  static constexpr std::size_t kBytes = 4096;
  static constexpr std::size_t kHeaders = 24;

  Method method = Method::kOther;
  std::string_view method_text, target;
  std::array<HttpHeader, kHeaders> headers;
  std::size_t header_count = 0;
  std::uint64_t content_length = 0;
  std::size_t bytes = 0;  // with the empty line

  // Whether `bytes` begin with such a header; else nothing is known of them.
  bool read(std::string_view bytes) noexcept;

 private:
  bool read_line(std::string_view rest, std::size_t& used) noexcept;
  bool read_header(HttpHeader header) noexcept;

  bool has_host_ = false;
  bool has_length_ = false;
};

}  // namespace bascule
