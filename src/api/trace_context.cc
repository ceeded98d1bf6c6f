#include "api/trace_context.h"

#include <algorithm>
#include <span>

namespace bascule {
namespace {

constexpr std::size_t kSize = 55;  // of version 00
// The bits that version 00 has a meaning for: sampled, and "the trace's id is random".
constexpr std::uint8_t kKnownFlags = 3;

// Digits of traceparent are lower case; -1 for other characters.
int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// `text` has two digits for each byte; false when one is none.
bool read_hex(std::string_view text, std::span<std::uint8_t> bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t n>
bool is_zero(const std::array<std::uint8_t, n>& id) noexcept {
  return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

template <std::size_t n>
std::array<std::uint8_t, n> new_id(Random& random) noexcept {
  std::array<std::uint8_t, n> id{};
  while (is_zero(id)) {
    random.fill(std::as_writable_bytes(std::span(id)));
  }
  return id;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  TraceContext context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  if (!read_hex(text.substr(0, 2), version) || !read_hex(text.substr(3, 32), context.trace_id) ||
      !read_hex(text.substr(36, 16), context.span_id) || !read_hex(text.substr(53, 2), flags)) {
    return std::nullopt;
  }
  const bool ends = text.size() == kSize || (version[0] != 0 && text[kSize] == '-');
  if (version[0] == 0xFF || !ends || is_zero(context.trace_id) || is_zero(context.span_id)) {
    return std::nullopt;
  }
  context.flags = flags[0] & kKnownFlags;
  return context;
}

std::string format_traceparent(const TraceContext& context) {
  std::string out = "00-";
  append_hex(out, context.trace_id.data(), context.trace_id.size());
  out += '-';
  append_hex(out, context.span_id.data(), context.span_id.size());
  out += '-';
  append_hex(out, &context.flags, 1);
  return out;
}

TraceId new_trace_id(Random& random) noexcept {
  return new_id<16>(random);
}

SpanId new_span_id(Random& random) noexcept {
  return new_id<8>(random);
}

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
}

}  // namespace bascule
