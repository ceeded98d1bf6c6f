// The seam for chance: ids and jitter. A test replays a seed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"

namespace bascule {

class Random {
 public:
  virtual ~Random() = default;
  // Fills `bytes`. Any thread.
  virtual void fill(std::span<std::byte> bytes) noexcept = 0;
};

// The kernel's generator. The object lives as long as the process.
Random& system_random() noexcept;

// The same bytes for the same seed (splitmix64). One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> bytes) noexcept override;

 private:
  std::uint64_t state_;
};

// Takes from another generator in larger pieces: a call of the kernel for each id costs more than
// the id. One thread.
class BufferedRandom final : public Random {
 public:
  explicit BufferedRandom(Random& source) : source_(source) {}
  void fill(std::span<std::byte> bytes) noexcept override;

 private:
  Random& source_;
  std::array<std::byte, 1024> buffer_;
  std::size_t left_ = 0;
};

// A UUID of version 7 (RFC 9562): time-ordered, 36 characters.
std::string uuid_v7(TimeUs now, Random& random);

}  // namespace bascule
