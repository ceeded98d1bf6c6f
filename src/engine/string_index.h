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

  // The same in two steps, for callers with many texts: what the first asks the memory for is there
  // when the second needs it.
  std::uint32_t prefetch(std::string_view text) const noexcept {
    const std::uint32_t hash = hash_of(text);
    if (!slots_.empty()) {
      __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
    }
    return hash;
  }
  std::int32_t find(std::string_view text, std::uint32_t hash) const noexcept;

 private:
  static std::uint32_t hash_of(std::string_view text) noexcept;

  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t position = -1;  // -1: empty
  };
  std::vector<std::string_view> strings_;
  std::vector<Slot> slots_;  // a power of two
};

}  // namespace bascule
