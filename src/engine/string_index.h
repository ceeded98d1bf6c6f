// An index of distinct strings: text -> position. Bytes are compared.
//
// Open addressing, half full at most: one cache line to decide a miss, mostly one more for a hit,
// as a string's bytes are copied behind its position. Built when a plan is loaded, read by all
// threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule {

class StringIndex {
 public:
  StringIndex() = default;
  // kInvalid when two are the same, or when so many collide that a search
  // would be slow, which only a list made for that does.
  static Result<StringIndex> build(std::span<const std::string_view> strings);

  // The position in the list; -1 when it is not there.
  std::int32_t find(std::string_view text) const noexcept { return find(text, hash_of(text)); }

  // The same for many: positions[i] is of texts[i]. What one text waits for in memory, all wait for
  // together.
  void find_all(std::span<const std::string_view> texts, std::int32_t* positions) const noexcept;

 private:
  static std::uint32_t hash_of(std::string_view text) noexcept;
  std::int32_t find(std::string_view text, std::uint32_t hash) const noexcept;
  // The record of the first string with that hash; kNone when there is none.
  std::uint32_t candidate(std::uint32_t hash) const noexcept;
  std::int32_t position(std::uint32_t record) const noexcept {
    return static_cast<std::int32_t>(records_[record]);
  }
  bool holds(std::uint32_t record, std::string_view text) const noexcept;

  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t record = kNone;  // where it begins in `records_`
  };
  std::vector<std::uint32_t> records_;  // of each string: its position, its size, its bytes
  std::vector<Slot> slots_;             // a power of two; none without strings
};

}  // namespace bascule
