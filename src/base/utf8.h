// UTF-8, one code point at a time. Nothing here reads beyond the text, whatever its bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bascule {

// Reads the code point at `text[at]` and moves `at` behind it; `at` < text.size(). A byte that
// starts no valid sequence is read alone, as 0xDC00 plus the byte (as Python's "surrogateescape"
// does), which no valid text contains.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) noexcept;

// Writes a code point as `next_code_point` reads it; returns how many bytes, at most 4.
std::size_t put_code_point(std::uint32_t code, char* out) noexcept;

bool is_utf8(std::string_view text) noexcept;

// The start of `text`, at most `max_bytes` long, without half a code point at its end: what a
// message quotes of a text from outside.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;

}  // namespace bascule
