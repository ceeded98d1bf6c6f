// The wire format of Protocol Buffers: read as views, written into a string.
//
// A reader walks the fields of one message and knows no schema; whoever asks says what a number
// means and passes over those it does not know. Nothing is read beyond the message, nothing is
// allocated, and a nested message is a reader of its own: depth is the caller's.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bascule::wire {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they are");

enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  std::uint32_t number = 0;
  Type type = Type::kVarint;
  std::uint64_t value = 0;  // of a varint or a fixed field
  std::string_view bytes;   // of a text, a nested message, or packed numbers

  double as_double() const noexcept { return std::bit_cast<double>(value); }
  float as_float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value));
  }
};

class Reader {
 public:
  explicit Reader(std::string_view message) noexcept : rest_(message) {}

  // The next field; false at the end, and when the message is broken.
  bool next(Field& field) noexcept;
  bool broken() const noexcept { return broken_; }

 private:
  bool fail() noexcept {
    broken_ = true;
    return false;
  }
  std::string_view rest_;
  bool broken_ = false;
};

// Takes a number off the front; false when there is none.
bool take_varint(std::string_view& bytes, std::uint64_t& value) noexcept;

// The same for a number of `type`, as packed fields hold them; not for kBytes.
bool take(std::string_view& bytes, Type type, std::uint64_t& value) noexcept;

void put_varint(std::string& out, std::uint64_t value);
// A number that is 0 is left out, as is an empty text: that is what their absence means.
void put_number(std::string& out, std::uint32_t field, std::uint64_t value);
void put_text(std::string& out, std::uint32_t field, std::string_view text);
// The head of `size` bytes that the caller appends.
void put_head(std::string& out, std::uint32_t field, std::size_t size);
// A nested message, or packed numbers: what `write` appends.
template <typename Write>
void put_nested(std::string& out, std::uint32_t field, Write&& write);

template <typename Write>
void put_nested(std::string& out, std::uint32_t field, Write&& write) {
  std::string head;
  const std::size_t start = out.size();
  write();
  put_head(head, field, out.size() - start);
  out.insert(start, head);
}

}  // namespace bascule::wire
