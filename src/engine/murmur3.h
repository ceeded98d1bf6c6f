// MurmurHash3 (x86, 32 bits) with the seed 0: the hash of scikit-learn's FeatureHasher.
//
// Austin Appleby's algorithm, https://github.com/aappleby/smhasher. Bytes are read as little-endian
// on any machine.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bascule {

constexpr std::uint32_t murmur3_32(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const auto mixed = [](std::uint32_t k) { return std::rotl(k * 0xCC9E2D51U, 15) * 0x1B873593U; };
  std::uint32_t hash = 0;
  std::size_t at = 0;
  for (; text.size() - at >= 4; at += 4) {
    const std::uint32_t k = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    hash = std::rotl(hash ^ mixed(k), 13) * 5 + 0xE6546B64U;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = text.size(); i > at; --i) {
    tail = tail << 8 | byte(i - 1);
  }
  hash ^= text.size() > at ? mixed(tail) : 0;
  hash ^= static_cast<std::uint32_t>(text.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6BU;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35U;
  return hash ^ hash >> 16;
}

// The column of `width` that a hash chooses: |hash| as a signed number, modulo `width`. (Of -2^31
// this is also what scikit-learn, which treats it by itself, makes.)
constexpr std::uint32_t hash_column(std::uint32_t hash, std::uint32_t width) noexcept {
  const std::uint32_t magnitude = hash >> 31 != 0 ? 0U - hash : hash;
  return magnitude % width;
}

}  // namespace bascule
