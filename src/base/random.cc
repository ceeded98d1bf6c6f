#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace bascule {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) noexcept override {
    while (!bytes.empty()) {
      const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
      if (got < 0) {
        // Only a signal may come between; every kernel we run on has the call.
        BASCULE_ASSERT(errno == EINTR);
        continue;
      }
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

Random& system_random() noexcept {
  static SystemRandom random;
  return random;
}

// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
// https://prng.di.unimi.it/splitmix64.c.
void SeededRandom::fill(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    for (int i = 0; i < 8 && !bytes.empty(); ++i, z >>= 8) {
      bytes.front() = static_cast<std::byte>(z & 0xff);
      bytes = bytes.subspan(1);
    }
  }
}

void BufferedRandom::fill(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    if (left_ == 0) {
      source_.fill(buffer_);
      left_ = buffer_.size();
    }
    const std::size_t taken = std::min(left_, bytes.size());
    std::memcpy(bytes.data(), buffer_.data() + buffer_.size() - left_, taken);
    left_ -= taken;
    bytes = bytes.subspan(taken);
  }
}

// 48 bits of milliseconds, then the 12 bits that follow the version hold the fraction of the
// millisecond (RFC 9562, section 6.2, method 3), so that ids of one process sort as they were made.
std::string uuid_v7(TimeUs now, Random& random) {
  BASCULE_ASSERT(now >= 0);
  std::array<std::byte, 16> bytes;
  random.fill(bytes);
  const auto ms = static_cast<std::uint64_t>(now / 1000);
  const auto fraction = static_cast<std::uint64_t>(now % 1000) * 4096 / 1000;
  for (int i = 0; i < 6; ++i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>((ms >> (40 - 8 * i)) & 0xff);
  }
  bytes[6] = static_cast<std::byte>(0x70 | (fraction >> 8));
  bytes[7] = static_cast<std::byte>(fraction & 0xff);
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      ++at;
    }
    text[at++] = kHex[std::to_integer<unsigned>(bytes[i]) >> 4];
    text[at++] = kHex[std::to_integer<unsigned>(bytes[i]) & 0x0f];
  }
  return text;
}

}  // namespace bascule
