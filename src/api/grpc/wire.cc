#include "api/grpc/wire.h"

#include <algorithm>

namespace bascule::wire {
namespace {

constexpr std::size_t kVarintBytes = 10;
constexpr std::uint64_t kFieldNumbers = (std::uint64_t{1} << 29) - 1;

template <typename Number>
bool take_fixed(std::string_view& bytes, std::uint64_t& value) noexcept {
  Number number = 0;
  if (bytes.size() < sizeof number) {
    return false;
  }
  std::copy_n(bytes.begin(), sizeof number, reinterpret_cast<char*>(&number));
  bytes.remove_prefix(sizeof number);
  value = number;
  return true;
}

}  // namespace

bool take_varint(std::string_view& bytes, std::uint64_t& value) noexcept {
  value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < kVarintBytes; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= std::uint64_t{byte & 0x7FU} << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return i + 1 < kVarintBytes || byte <= 1;
    }
  }
  return false;
}

bool take(std::string_view& bytes, Type type, std::uint64_t& value) noexcept {
  switch (type) {
    case Type::kVarint:
      return take_varint(bytes, value);
    case Type::kFixed64:
      return take_fixed<std::uint64_t>(bytes, value);
    case Type::kFixed32:
      return take_fixed<std::uint32_t>(bytes, value);
    case Type::kBytes:
      break;
  }
  return false;
}

bool Reader::next(Field& field) noexcept {
  if (broken_ || rest_.empty()) {
    return false;
  }
  std::uint64_t key = 0;
  if (!take_varint(rest_, key) || key >> 3 == 0 || key >> 3 > kFieldNumbers) {
    return fail();
  }
  field.number = static_cast<std::uint32_t>(key >> 3);
  field.type = static_cast<Type>(key & 7);
  field.bytes = {};
  switch (field.type) {
    case Type::kVarint:
    case Type::kFixed64:
    case Type::kFixed32:
      return take(rest_, field.type, field.value) || fail();
    case Type::kBytes:
      if (!take_varint(rest_, field.value) || field.value > rest_.size()) {
        return fail();
      }
      field.bytes = rest_.substr(0, static_cast<std::size_t>(field.value));
      rest_.remove_prefix(field.bytes.size());
      return true;
  }
  return fail();  // groups, which no message of ours has
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put_head(std::string& out, std::uint32_t field, std::size_t size) {
  put_varint(out, std::uint64_t{field} << 3 | static_cast<std::uint64_t>(Type::kBytes));
  put_varint(out, size);
}

void put_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  if (value != 0) {
    put_varint(out, std::uint64_t{field} << 3);
    put_varint(out, value);
  }
}

void put_text(std::string& out, std::uint32_t field, std::string_view text) {
  if (!text.empty()) {
    put_head(out, field, text.size());
    out += text;
  }
}

}  // namespace bascule::wire
