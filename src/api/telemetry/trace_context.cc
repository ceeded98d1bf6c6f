#include "api/telemetry/trace_context.h"

#include <fmt/format.h>

#include <algorithm>

namespace bascule {
namespace {

constexpr std::size_t kSize = 55;  // of version 00
constexpr std::uint8_t kSampled = 1;
constexpr std::size_t kMembers = 32;  // of a tracestate

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

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t";
  const auto first = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}

bool is_lower_or_digit(char c) noexcept {
  return is_lower(c) || (c >= '0' && c <= '9');
}

bool are_of_key(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

// "vendor" or "tenant@vendor".
bool is_state_key(std::string_view key) noexcept {
  const auto at = key.find('@');
  if (at == std::string_view::npos) {
    return !key.empty() && key.size() <= 256 && is_lower(key[0]) && are_of_key(key);
  }
  const auto tenant = key.substr(0, at);
  const auto vendor = key.substr(at + 1);
  return !tenant.empty() && tenant.size() <= 241 && is_lower_or_digit(tenant[0]) &&
         are_of_key(tenant) && !vendor.empty() && vendor.size() <= 14 && is_lower(vendor[0]) &&
         are_of_key(vendor);
}

// Printable; a comma is none of it by now.
bool is_state_value(std::string_view value) noexcept {
  return !value.empty() && value.size() <= 256 &&
         std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7E && c != '='; });
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
  context.sampled = (flags[0] & kSampled) != 0;
  return context;
}

std::string format_traceparent(const TraceContext& context) {
  return fmt::format("00-{}-{}-0{}", hex(context.trace_id), hex(context.span_id),
                     context.sampled ? 1 : 0);
}

bool is_tracestate(std::string_view list) noexcept {
  std::size_t members = 0;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto member = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const auto equals = member.find('=');
    if (member.empty()) {
      continue;
    }
    if (++members > kMembers || equals == std::string_view::npos ||
        !is_state_key(member.substr(0, equals)) || !is_state_value(member.substr(equals + 1))) {
      return false;
    }
  }
  return members > 0;
}

TraceId new_trace_id(Random& random) noexcept {
  return new_id<16>(random);
}

SpanId new_span_id(Random& random) noexcept {
  return new_id<8>(random);
}

std::string hex(std::span<const std::uint8_t> id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * id.size());
  for (const std::uint8_t byte : id) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace bascule
