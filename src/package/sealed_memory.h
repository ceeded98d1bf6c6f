// Sealed memory: bytes that nobody can change or cut off any more, this process included.
//
// A memory file, sealed against writing, growing and shrinking, and mapped read-only. Where the
// kernel or a sandbox does not give one, an anonymous mapping that was made read-only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.h"

namespace bascule {

class SealedMemory {
 public:
  // kUnavailable when there is no memory. `bytes` is not empty.
  static Result<std::unique_ptr<SealedMemory>> copy_of(std::span<const std::byte> bytes);
  // The second way alone, for its test.
  static Result<std::unique_ptr<SealedMemory>> anonymous_copy_of(std::span<const std::byte> bytes);
  ~SealedMemory();
  SealedMemory(const SealedMemory&) = delete;
  SealedMemory& operator=(const SealedMemory&) = delete;

  // Starts at a page, so that a multiple of 64 in the file is one in memory.
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  explicit SealedMemory(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace bascule
