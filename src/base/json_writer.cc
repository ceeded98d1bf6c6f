#include "base/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/assert.h"

namespace bascule {
namespace {

// Enough for the shortest text of any double, or any 64-bit integer.
using NumberBuffer = std::array<char, 32>;

template <typename Number>
void append_shortest(std::string& out, Number value) {
  NumberBuffer buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  BASCULE_ASSERT(end.ec == std::errc());
  out.append(buffer.data(), end.ptr);
}

// The shortest digits of a positive finite number: 0.d1d2d3... times ten to the `point`.
struct Decimal {
  std::string digits;
  int point = 0;
};

Decimal shortest_decimal(double value) {
  NumberBuffer buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific);
  BASCULE_ASSERT(end.ec == std::errc());
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  const auto e = text.find('e');
  Decimal decimal;
  decimal.digits = text.substr(0, 1);
  if (e > 2) {
    decimal.digits += text.substr(2, e - 2);
  }
  int exponent = 0;
  const char* first = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  BASCULE_ASSERT(std::from_chars(first, end.ptr, exponent).ec == std::errc());
  decimal.point = exponent + 1;
  return decimal;
}

}  // namespace

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) {
    out_ += ',';
  }
  first_ = false;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  separate();
  append_json_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) {
    return null();
  }
  separate();
  append_shortest(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number32(float value) {
  if (!std::isfinite(value)) {
    return null();
  }
  separate();
  append_shortest(out_, value);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  append_shortest(out_, value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
  return *this;
}

// What was closed was a member itself, so whatever follows it is not the first: no stack needed.
JsonWriter& JsonWriter::end_object() {
  BASCULE_DASSERT(!after_key_);
  out_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  BASCULE_DASSERT(!after_key_);
  out_ += ']';
  first_ = false;
  return *this;
}

// Source: ECMA-262, Number::toString, which RFC 8785 section 3.2.2.3 names. Plain digits from
// 1e-6 up to 1e21, an exponent outside.
void append_canonical_number(std::string& out, double value) {
  BASCULE_ASSERT(std::isfinite(value));
  if (value == 0) {
    out += '0';  // also for -0
    return;
  }
  if (value < 0) {
    out += '-';
    value = -value;
  }
  auto [digits, point] = shortest_decimal(value);
  const int count = static_cast<int>(digits.size());
  if (point > 21 || point <= -6) {
    out += digits.front();
    if (count > 1) {
      out.append(".").append(digits, 1);
    }
    out += point > 0 ? "e+" : "e-";
    append_shortest(out, std::abs(point - 1));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (count <= point) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    digits.insert(static_cast<std::size_t>(point), 1, '.');
    out += digits;
  }
}

namespace {

// Whether each of eight bytes stands in a JSON string as it is.
bool are_plain(const char* bytes) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  // The high bit of a byte is set where a byte below 128 is below n (so for n = 1: is zero).
  const auto below = [](std::uint64_t x, std::uint64_t n) { return (x - kOnes * n) & ~x & kHigh; };
  return (below(word, 0x20) | below(word ^ kOnes * '"', 1) | below(word ^ kOnes * '\\', 1)) == 0;
}

bool is_plain(char byte) noexcept {
  return static_cast<unsigned char>(byte) >= 0x20 && byte != '"' && byte != '\\';
}

// How many bytes from the start of `text` on stand in a JSON string as they are, or somewhat fewer;
// all of them when all do.
std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at + 8 <= text.size() && are_plain(text.data() + at)) {
    at += 8;
  }
  if (text.size() - at < 8 && text.size() >= 8 && are_plain(text.data() + text.size() - 8)) {
    return text.size();
  }
  while (at < text.size() && is_plain(text[at])) {
    ++at;
  }
  return at;
}

}  // namespace

// Source: RFC 8785, section 3.2.2.2.
void append_json_string(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::size_t plain = plain_prefix(value);
  if (plain == value.size()) {
    const std::size_t before = out.size();
    const std::size_t after = before + value.size() + 2;
    // Not its argument: libstdc++ 12 hands over the capacity there.
    out.resize_and_overwrite(after, [&](char* to, std::size_t /*size*/) {
      to[before] = '"';
      std::copy(value.begin(), value.end(), to + before + 1);
      to[after - 1] = '"';
      return after;
    });
    return;
  }
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = plain; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (is_plain(value[i])) {
      continue;
    }
    out.append(value, done, i - done);
    done = i + 1;
    out += '\\';
    switch (c) {
      case '"':
      case '\\':
        out += static_cast<char>(c);
        break;
      case '\b':
        out += 'b';
        break;
      case '\t':
        out += 't';
        break;
      case '\n':
        out += 'n';
        break;
      case '\f':
        out += 'f';
        break;
      case '\r':
        out += 'r';
        break;
      default:
        out.append("u00").append(1, kHex[c >> 4]).append(1, kHex[c & 0x0f]);
    }
  }
  out.append(value, done).append(1, '"');
}

}  // namespace bascule
