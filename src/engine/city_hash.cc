#include "engine/city_hash.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

// CityHash by Geoff Pike and Jyrki Alakuijala (Google, 2011). Texts of up to 16, 32 and 64 bytes
// are hashed each in a way of their own, longer ones in pieces of 64. All numbers wrap.

namespace bascule {
namespace {
constexpr std::uint64_t kPrime0 = 0xc3a5c85c97cb3127;
constexpr std::uint64_t kPrime1 = 0xb492b66fbe98f273;
constexpr std::uint64_t kPrime2 = 0x9ae16a3b2f90404f;
constexpr std::uint64_t kPrime3 = 0xc949d7c7509e6557;
constexpr std::uint64_t kPrimeOfPairs = 0x9ddfea08eb382d69;
constexpr std::size_t kPiece = 64;

// Words of the bytes, little-endian as on every machine that Bascule runs on.
static_assert(std::endian::native == std::endian::little);
class Words {
 public:
  explicit Words(std::string_view bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  std::uint64_t operator[](std::size_t at) const { return word<std::uint64_t>(at); }
  std::uint64_t from_end(std::size_t back) const { return (*this)[size() - back]; }
  std::uint64_t half(std::size_t at) const { return word<std::uint32_t>(at); }
  std::uint32_t byte(std::size_t at) const { return word<std::uint8_t>(at); }

 private:
  template <typename Word>
  Word word(std::size_t at) const {
    Word found;
    std::memcpy(&found, bytes_.data() + at, sizeof found);
    return found;
  }

  std::string_view bytes_;
};

struct Pair {
  std::uint64_t first;
  std::uint64_t second;
};

std::uint64_t rotated(std::uint64_t x, int bits) {
  return std::rotr(x, bits);
}

std::uint64_t mixed(std::uint64_t x) {
  return x ^ (x >> 47);
}

std::uint64_t of_pair(std::uint64_t low, std::uint64_t high) {
  const std::uint64_t a = mixed((low ^ high) * kPrimeOfPairs);
  return mixed((high ^ a) * kPrimeOfPairs) * kPrimeOfPairs;
}

std::uint64_t up_to_16(const Words& x) {
  const std::size_t size = x.size();
  if (size > 8) {
    const std::uint64_t last = x.from_end(8);
    return of_pair(x[0], rotated(last + size, static_cast<int>(size))) ^ last;
  }
  if (size >= 4) {
    return of_pair(size + (x.half(0) << 3), x.half(size - 4));
  }
  if (size > 0) {
    const std::uint32_t y = x.byte(0) + (x.byte(size / 2) << 8);
    const std::uint32_t z = static_cast<std::uint32_t>(size) + (x.byte(size - 1) << 2);
    return mixed((y * kPrime2) ^ (z * kPrime3)) * kPrime2;
  }
  return kPrime2;
}

std::uint64_t up_to_32(const Words& x) {
  const std::uint64_t a = x[0] * kPrime1;
  const std::uint64_t b = x[8];
  const std::uint64_t c = x.from_end(8) * kPrime2;
  const std::uint64_t d = x.from_end(16) * kPrime0;
  return of_pair(rotated(a - b, 43) + rotated(c, 30) + d,
                 a + rotated(b ^ kPrime3, 20) - c + x.size());
}

// Half of a text of up to 64 bytes: `a` with the words at `at` + 8, `at` + 16 and `z`.
Pair half_of_64(std::uint64_t a, std::uint64_t second, std::uint64_t third, std::uint64_t z) {
  std::uint64_t b = rotated(a + z, 52);
  std::uint64_t c = rotated(a, 37);
  a += second;
  c += rotated(a, 7);
  a += third;
  b += rotated(a, 31) + c;
  return {a + z, b};
}

std::uint64_t up_to_64(const Words& x) {
  const std::uint64_t start = x[0] + (x.size() + x.from_end(16)) * kPrime0;
  const Pair v = half_of_64(start, x[8], x[16], x[24]);
  const Pair w = half_of_64(x[16] + x.from_end(32), x.from_end(24), x.from_end(16), x.from_end(8));
  const std::uint64_t r = mixed((v.first + w.second) * kPrime2 + (w.first + v.second) * kPrime0);
  return mixed(r * kPrime0 + v.second) * kPrime2;
}

// The four words at `at`, with two seeds.
Pair four_words(const Words& x, std::size_t at, std::uint64_t a, std::uint64_t b) {
  a += x[at];
  b = rotated(b + a + x[at + 24], 21);
  const std::uint64_t c = a;
  a += x[at + 8];
  a += x[at + 16];
  b += rotated(a, 44);
  return {a + x[at + 24], b + c};
}

std::uint64_t in_pieces(const Words& text) {
  const std::size_t size = text.size();
  std::uint64_t x = text[0];
  std::uint64_t y = text.from_end(16) ^ kPrime1;
  std::uint64_t z = text.from_end(56) ^ kPrime0;
  Pair v = four_words(text, size - 64, size, y);
  Pair w = four_words(text, size - 32, size * kPrime1, kPrime0);
  z += mixed(v.second) * kPrime1;
  x = rotated(z + x, 39) * kPrime1;
  y = rotated(y, 33) * kPrime1;
  for (std::size_t at = 0; at < (size - 1) / kPiece * kPiece; at += kPiece) {
    x = rotated(x + y + v.first + text[at + 16], 37) * kPrime1;
    y = rotated(y + v.second + text[at + 48], 42) * kPrime1;
    x ^= w.second;
    y ^= v.first;
    z = rotated(z ^ w.first, 33);
    v = four_words(text, at, v.second * kPrime1, x + w.first);
    w = four_words(text, at + 32, z + w.second, y);
    std::swap(z, x);
  }
  return of_pair(of_pair(v.first, w.first) + mixed(y) * kPrime1 + z,
                 of_pair(v.second, w.second) + x);
}
}  // namespace

std::uint64_t city_hash_64(std::string_view bytes) noexcept {
  const Words words(bytes);
  if (bytes.size() <= 16) {
    return up_to_16(words);
  }
  if (bytes.size() <= 32) {
    return up_to_32(words);
  }
  return bytes.size() <= 64 ? up_to_64(words) : in_pieces(words);
}

}  // namespace bascule
