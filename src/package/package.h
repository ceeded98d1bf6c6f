// A package: one data-only file, read, proved and mapped.
//
// A package is opened once. Its bytes are copied into a sealed memory file, hashed there, verified
// there and used from there, so that a file that is rewritten or truncated later can neither crash
// the process nor change a score. Everything is checked before `open` returns: the container
// (a strict safetensors file), the digest in its last tensor, the manifest, the fingerprint.
// Threads: immutable, shared freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "package/manifest.h"

namespace bascule {

class SealedMemory;  // package/sealed_memory.h

enum class DType : std::uint8_t { kBool, kU8, kI8, kU16, kI16, kU32, kI32, kU64, kI64, kF32, kF64 };
std::size_t dtype_bytes(DType dtype) noexcept;
std::string_view dtype_name(DType dtype) noexcept;  // "F64", as in the file
std::optional<DType> parse_dtype(std::string_view name) noexcept;

// A tensor of the package; borrows from it. `bytes` starts at a multiple of 64.
struct Tensor {
  std::string_view name;
  DType dtype = DType::kU8;
  std::vector<std::uint64_t> shape;
  std::span<const std::byte> bytes;

  std::uint64_t count() const noexcept { return bytes.size() / dtype_bytes(dtype); }
};

class Package {
 public:
  // Copies `bytes`. Errors are kInvalid, kTooLarge or kUnsupported (a newer format), with a message
  // that starts with the place: "header: ...", "tensor 'n2.by': ...", "manifest: outputs[1]: ...".
  static Result<std::shared_ptr<const Package>> open(std::span<const std::byte> bytes);
  // Reads the file once. kNotFound when there is none.
  static Result<std::shared_ptr<const Package>> open_file(const std::string& path);
  ~Package();
  Package(const Package&) = delete;
  Package& operator=(const Package&) = delete;

  // SHA-256 of the whole file: the identity of what is scored.
  const Digest& digest() const noexcept { return digest_; }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  const Manifest& manifest() const noexcept { return manifest_; }
  std::string_view manifest_text() const noexcept { return manifest_text_; }
  // In file order, without paddings and without "~sha256".
  std::span<const Tensor> tensors() const noexcept { return tensors_; }
  const Tensor* find(std::string_view name) const noexcept;

 private:
  Package() = default;
  std::unique_ptr<SealedMemory> memory_;
  std::span<const std::byte> bytes_;
  Digest digest_{};
  std::string manifest_text_;
  Manifest manifest_;
  std::vector<Tensor> tensors_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

}  // namespace bascule
