// An index of distinct strings: text -> position. Bytes are compared.
//
// Open addressing, half full at most, one cache line to decide a miss. Built when a plan is loaded,
// read by all threads.
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
  // Borrows `strings`' bytes. kInvalid when two are the same, or when so many collide that a search
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
  // The position of the first text with that hash; -1 when there is none.
  std::int32_t candidate(std::uint32_t hash) const noexcept;

  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t position = -1;  // -1: empty
  };
  std::vector<std::string_view> strings_;
  std::vector<Slot> slots_;  // a power of two
};

}  // namespace bascule
