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
constexpr std::size_t kHead = 2;                          // words before the bytes of a record
constexpr std::uint64_t kFactor = 0x9E37'79B9'7F4A'7C15;  // 2^64 / golden ratio

std::uint64_t eight_bytes(const char* at) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof(bytes));
  return bytes;
}

// All of at most seven bytes, without a branch for each.
[[gnu::always_inline]] inline std::uint64_t few_bytes(const char* at, std::size_t count) noexcept {
  if (count >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, at, sizeof(first));
    std::memcpy(&last, at + count - sizeof(last), sizeof(last));
    return std::uint64_t{first} << 32 | last;
  }
  if (count == 0) {
    return 0;
  }
  const auto byte = [at](std::size_t i) -> std::uint64_t {
    return static_cast<unsigned char>(at[i]);
  };
  return byte(0) << 16 | byte(count / 2) << 8 | byte(count - 1);
}

bool same_bytes(const char* a, const char* b, std::size_t size) noexcept {
  if (size < 8) {
    return few_bytes(a, size) == few_bytes(b, size);
  }
  std::uint64_t differ = eight_bytes(a + size - 8) ^ eight_bytes(b + size - 8);
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    differ |= eight_bytes(a + i) ^ eight_bytes(b + i);
  }
  return differ == 0;
}

constexpr std::size_t words_of(std::size_t bytes) noexcept {
  return (bytes + sizeof(std::uint32_t) - 1) / sizeof(std::uint32_t);
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
    hash = mixed(hash ^ few_bytes(at, left));
  }
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

Result<StringIndex> StringIndex::build(std::span<const std::string_view> strings) {
  if (strings.size() > limits::kWidth) {
    return fail(Code::kTooLarge, "has {} strings, expected at most {}", strings.size(),
                limits::kWidth);
  }
  std::size_t words = 0;
  for (const std::string_view text : strings) {
    words += kHead + words_of(text.size());
  }
  if (words >= kNone) {
    return fail(Code::kTooLarge, "has more than 16 GiB of text");
  }
  StringIndex index;
  if (strings.empty()) {
    return index;
  }
  index.records_.reserve(words);
  index.slots_.resize(std::bit_ceil(2 * strings.size() + 1));
  const std::size_t mask = index.slots_.size() - 1;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const std::string_view text = strings[i];
    const std::uint32_t hash = hash_of(text);
    if (const auto first = index.find(text, hash); first >= 0) {
      return fail(Code::kInvalid, "has '{}' twice, at positions {} and {}", text, first, i);
    }
    std::size_t at = hash & mask;
    std::size_t probes = 0;
    for (; index.slots_[at].record != kNone; at = (at + 1) & mask) {
      if (++probes > kMostProbes) {
        return fail(Code::kInvalid, "has too many strings that collide");
      }
    }
    const std::size_t record = index.records_.size();
    index.slots_[at] = Slot{hash, static_cast<std::uint32_t>(record)};
    index.records_.resize(record + kHead + words_of(text.size()));
    index.records_[record] = static_cast<std::uint32_t>(i);
    index.records_[record + 1] = static_cast<std::uint32_t>(text.size());
    std::memcpy(index.records_.data() + record + kHead, text.data(), text.size());
  }
  return index;
}

bool StringIndex::holds(std::uint32_t record, std::string_view text) const noexcept {
  return records_[record + 1] == text.size() &&
         same_bytes(reinterpret_cast<const char*>(records_.data() + record + kHead), text.data(),
                    text.size());
}

std::uint32_t StringIndex::candidate(std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.record == kNone || slot.hash == hash) {
      return slot.record;
    }
  }
}

void StringIndex::find_all(std::span<const std::string_view> texts,
                           std::int32_t* positions) const noexcept {
  if (slots_.empty()) {
    std::fill_n(positions, texts.size(), -1);
    return;
  }
  std::array<std::uint32_t, kTogether> hashes;
  std::array<std::uint32_t, kTogether> found;
  for (std::size_t first = 0; first < texts.size(); first += kTogether) {
    const auto some = texts.subspan(first, std::min(kTogether, texts.size() - first));
    for (std::size_t i = 0; i < some.size(); ++i) {
      hashes[i] = hash_of(some[i]);
      __builtin_prefetch(&slots_[hashes[i] & (slots_.size() - 1)]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      found[i] = candidate(hashes[i]);
      if (found[i] != kNone) {
        __builtin_prefetch(&records_[found[i]]);
      }
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (found[i] == kNone) {
        positions[first + i] = -1;
      } else if (holds(found[i], some[i])) [[likely]] {
        positions[first + i] = position(found[i]);
      } else {
        positions[first + i] = find(some[i], hashes[i]);
      }
    }
  }
}

std::int32_t StringIndex::find(std::string_view text, std::uint32_t hash) const noexcept {
  if (slots_.empty()) {
    return -1;
  }
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.record == kNone) {
      return -1;
    }
    if (slot.hash == hash && holds(slot.record, text)) {
      return position(slot.record);
    }
  }
}

}  // namespace bascule
