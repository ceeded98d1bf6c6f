#include "engine/string_index.h"

#include <bit>
#include <functional>

#include "base/limits.h"

namespace bascule {
namespace {
constexpr std::size_t kMostProbes = 512;
}  // namespace

std::uint32_t StringIndex::hash_of(std::string_view text) noexcept {
  const std::uint64_t hash = std::hash<std::string_view>()(text);
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
