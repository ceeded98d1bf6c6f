#include "api/plain_head.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bascule {
namespace {

constexpr std::size_t kLengthDigits = 10;

// What a byte may stand in.
enum : std::uint8_t { kInTarget = 1, kInName = 2, kInValue = 4 };

constexpr auto kBytes = [] {
  std::array<std::uint8_t, 256> out{};
  for (std::size_t c = ' '; c <= '~'; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool sign = std::string_view("/-._~?=&%:@+,").contains(static_cast<char>(c));
    out[c] = static_cast<std::uint8_t>(kInValue | (letter || c == '-' ? kInName : 0) |
                                       (letter || sign ? kInTarget : 0));
  }
  return out;
}();

// How many bytes from the first on may stand there.
std::size_t span_of(std::string_view text, std::uint8_t where) noexcept {
  std::size_t count = 0;
  while (count < text.size() && (kBytes[static_cast<unsigned char>(text[count])] & where) != 0) {
    ++count;
  }
  return count;
}

std::optional<Method> method_of(std::string_view text) noexcept {
  for (const Method method :
       {Method::kPost, Method::kGet, Method::kHead, Method::kPut, Method::kDelete}) {
    if (text == method_name(method)) {
      return method;
    }
  }
  return std::nullopt;
}

// Headers that change how the message, or what follows it, is to be read.
bool is_framing(std::string_view name) noexcept {
  return std::ranges::any_of(
      std::array<std::string_view, 7>{"transfer-encoding", "connection", "proxy-connection",
                                      "keep-alive", "upgrade", "expect", "te"},
      [&](std::string_view framing) {
        return name.size() == framing.size() && same_token(name, framing);
      });
}

}  // namespace

bool PlainHead::read(std::string_view text) noexcept {
  text = text.substr(0, kBytes);
  const std::size_t method_end = std::min(text.find(' '), text.size());
  method_text = text.substr(0, method_end);
  const auto known = method_of(method_text);
  if (!known || method_end == text.size() || text[method_end + 1] != '/') {
    return false;
  }
  method = *known;
  std::string_view rest = text.substr(method_end + 1);
  target = rest.substr(0, span_of(rest, kInTarget));
  rest.remove_prefix(target.size());
  constexpr std::string_view kVersion = " HTTP/1.1\r\n";
  if (!rest.starts_with(kVersion)) {
    return false;
  }
  rest.remove_prefix(kVersion.size());
  while (!rest.starts_with("\r\n")) {
    std::size_t used = 0;
    if (!read_line(rest, used)) {
      return false;
    }
    rest.remove_prefix(used);
  }
  bytes = text.size() - rest.size() + 2;
  return has_host_;
}

bool PlainHead::read_line(std::string_view rest, std::size_t& used) noexcept {
  const std::string_view name = rest.substr(0, span_of(rest, kInName));
  rest.remove_prefix(name.size());
  if (name.empty() || !rest.starts_with(": ")) {
    return false;
  }
  rest.remove_prefix(2);
  const std::string_view value = rest.substr(0, span_of(rest, kInValue));
  rest.remove_prefix(value.size());
  used = name.size() + 2 + value.size() + 2;
  return !value.empty() && value.front() != ' ' && value.back() != ' ' &&
         rest.starts_with("\r\n") && read_header({name, value});
}

bool PlainHead::read_header(HttpHeader header) noexcept {
  if (header_count == kHeaders || is_framing(header.name)) {
    return false;
  }
  if (same_token(header.name, "host")) {
    if (std::exchange(has_host_, true)) {
      return false;
    }
  } else if (same_token(header.name, "content-length")) {
    const std::string_view digits = header.value;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), content_length);
    if (std::exchange(has_length_, true) || digits.size() > kLengthDigits || error != std::errc() ||
        end != digits.data() + digits.size() || (digits.size() > 1 && digits.front() == '0')) {
      return false;
    }
  }
  headers[header_count++] = header;
  return true;
}

}  // namespace bascule
