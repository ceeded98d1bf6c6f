// A number out of JSON text, without a parser: the nearest double, always.
//
// Most numbers are a few digits around a point. They are gathered eight or sixteen at a time, and
// divided by the power of ten in integers: by one multiplication where that leaves no doubt, else
// with a remainder, so that the one rounding is the right one. Longer ones, and those with large
// exponents, are std::from_chars's.
#pragma once

#include <cstdint>
#include <span>

namespace bascule::json {

// The number that stands at `at`, as JSON writes numbers (RFC 8259, section 6). Returns the byte
// behind it; null when there is none that ends before `end`, or none that a double holds. Sixteen
// bytes behind `end` are readable, and the first of them is no digit.
const char* read_number(const char* at, const char* end, double& out) noexcept;

// As many numbers as `out` has, with commas between them, from the first one on. Returns the byte
// behind the last one and the blanks that follow it; null when one of them is none.
const char* read_numbers(const char* at, const char* end, std::span<double> out) noexcept;

// A whole number without point or exponent, of 18 digits at most; as read_number.
const char* read_whole(const char* at, const char* end, std::int64_t& out) noexcept;

// What JSON allows between its parts.
inline const char* skip_blanks(const char* at, const char* end) noexcept {
  while (*at <= ' ' && at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
    ++at;
  }
  return at;
}

}  // namespace bascule::json
