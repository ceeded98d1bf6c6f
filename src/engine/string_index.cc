#include "engine/string_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/limits.h"

namespace bascule {
namespace {
constexpr std::size_t kMostProbes = 512;
constexpr std::size_t kTogether = 32;                     // texts whose memory is asked for at once
constexpr std::uint64_t kFactor = 0x9E37'79B9'7F4A'7C15;  // 2^64 / golden ratio

std::uint64_t eight_bytes(const char* at) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof(bytes));
  return bytes;
}

std::uint64_t mixed(std::uint64_t x) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(x) * kFactor;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
}  // namespace

// Eight bytes at a time: both halves of a product of 128 bits. Nothing stores a hash.
std::uint32_t StringIndex::hash_of(std::string_view text) noexcept {
  std::uint64_t hash = text.size() * kFactor;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    hash = mixed(hash ^ eight_bytes(at));
  }
  if (text.size() >= 8) {
    hash = mixed(hash ^ eight_bytes(text.data() + text.size() - 8));
  } else {
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < left; ++i) {
      last = last << 8 | static_cast<unsigned char>(at[i]);
    }
    hash = mixed(hash ^ last);
  }
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

Result<StringIndex> StringIndex::build(std::span<const std::string_view> strings) {
  if (strings.size() > limits::kWidth) {
    return fail(Code::kTooLarge, "has {} strings, expected at most {}", strings.size(),
                limits::kWidth);
  }
  StringIndex index;
  index.strings_.assign(strings.begin(), strings.end());
  index.slots_.resize(std::bit_ceil(2 * strings.size() + 1));
  const std::size_t mask = index.slots_.size() - 1;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    if (const auto first = index.find(strings[i]); first >= 0) {
      return fail(Code::kInvalid, "has '{}' twice, at positions {} and {}", strings[i], first, i);
    }
    const std::uint32_t hash = hash_of(strings[i]);
    std::size_t at = hash & mask;
    std::size_t probes = 0;
    for (; index.slots_[at].position >= 0; at = (at + 1) & mask) {
      if (++probes > kMostProbes) {
        return fail(Code::kInvalid, "has too many strings that collide");
      }
    }
    index.slots_[at] = Slot{hash, static_cast<std::int32_t>(i)};
  }
  return index;
}

std::int32_t StringIndex::candidate(std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.position < 0 || slot.hash == hash) {
      return slot.position;
    }
  }
}

void StringIndex::find_all(std::span<const std::string_view> texts,
                           std::int32_t* positions) const noexcept {
  if (strings_.empty()) {
    std::fill_n(positions, texts.size(), -1);
    return;
  }
  std::array<std::uint32_t, kTogether> hashes;
  for (std::size_t first = 0; first < texts.size(); first += kTogether) {
    const auto some = texts.subspan(first, std::min(kTogether, texts.size() - first));
    std::int32_t* found = positions + first;
    for (std::size_t i = 0; i < some.size(); ++i) {
      hashes[i] = hash_of(some[i]);
      __builtin_prefetch(&slots_[hashes[i] & (slots_.size() - 1)]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      found[i] = candidate(hashes[i]);
      if (found[i] >= 0) {
        __builtin_prefetch(&strings_[static_cast<std::size_t>(found[i])]);
      }
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (found[i] >= 0) {
        __builtin_prefetch(strings_[static_cast<std::size_t>(found[i])].data());
      }
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (found[i] >= 0 && strings_[static_cast<std::size_t>(found[i])] != some[i]) {
        found[i] = find(some[i], hashes[i]);
      }
    }
  }
}

std::int32_t StringIndex::find(std::string_view text, std::uint32_t hash) const noexcept {
  if (strings_.empty()) {
    return -1;
  }
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.position < 0) {
      return -1;
    }
    if (slot.hash == hash && strings_[static_cast<std::size_t>(slot.position)] == text) {
      return slot.position;
    }
  }
}

}  // namespace bascule
