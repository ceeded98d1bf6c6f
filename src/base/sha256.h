// SHA-256 and HMAC-SHA-256, from libcrypto.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule {

using Digest = std::array<std::byte, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::span<const std::byte> bytes) noexcept;
  void update(std::string_view text) noexcept;
  // The digest of what came so far; goes on.
  Digest so_far() const noexcept;
  Digest finish() noexcept;  // once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Allocate nothing and take no lock: requests are checked by them.
Digest sha256(std::span<const std::byte> bytes) noexcept;
Digest sha256(std::string_view text) noexcept;
Digest hmac_sha256(std::string_view key, std::string_view text) noexcept;

std::string to_hex(std::span<const std::byte> bytes);
// "sha256:" and 64 hexadecimal digits.
std::string digest_text(const Digest& digest);
// The inverse; lower case only.
Result<Digest> parse_digest(std::string_view text);

}  // namespace bascule
