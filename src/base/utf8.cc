#include "base/utf8.h"

namespace bascule {
namespace {
constexpr std::uint32_t kEscape = 0xDC00;

}  // namespace

std::uint32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(at);
  if (first < 0x80) {
    return ++at, first;
  }

  // Table 3-7 of the Unicode standard: the lead byte gives the length and narrows the second byte,
  // which keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
  std::size_t length = 0;
  std::uint32_t code = 0;
  std::uint32_t second_low = 0x80;
  std::uint32_t second_high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, code = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, code = first & 0x0F;
    if (first == 0xE0) {
      second_low = 0xA0;
    }
    if (first == 0xED) {
      second_high = 0x9F;
    }
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, code = first & 0x07;
    if (first == 0xF0) {
      second_low = 0x90;
    }
    if (first == 0xF4) {
      second_high = 0x8F;
    }
  }
  if (length == 0 || text.size() - at < length || byte(at + 1) < second_low ||
      byte(at + 1) > second_high) {
    return ++at, kEscape + first;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) {
      return ++at, kEscape + first;
    }
    code = code << 6 | (byte(at + i) & 0x3FU);
  }
  at += length;
  return code;
}

std::size_t put_code_point(std::uint32_t code, char* out) noexcept {
  const auto put = [&](std::size_t i, std::uint32_t byte) { out[i] = static_cast<char>(byte); };
  if (code < 0x80) {
    put(0, code);
    return 1;
  }
  if (code < 0x800) {
    put(0, 0xC0 | code >> 6);
    put(1, 0x80 | (code & 0x3F));
    return 2;
  }
  if (code >= kEscape + 0x80 && code <= kEscape + 0xFF) {
    put(0, code - kEscape);
    return 1;
  }
  if (code < 0x10000) {
    put(0, 0xE0 | code >> 12);
    put(1, 0x80 | (code >> 6 & 0x3F));
    put(2, 0x80 | (code & 0x3F));
    return 3;
  }
  put(0, 0xF0 | code >> 18);
  put(1, 0x80 | (code >> 12 & 0x3F));
  put(2, 0x80 | (code >> 6 & 0x3F));
  put(3, 0x80 | (code & 0x3F));
  return 4;
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const auto code = next_code_point(text, at);
    if (code >= kEscape && code <= kEscape + 0xFF) {
      return false;
    }
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) {
    return text;
  }
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  while (max_bytes > 0 && continues(max_bytes)) {
    --max_bytes;
  }
  return text.substr(0, max_bytes);
}

}  // namespace bascule
