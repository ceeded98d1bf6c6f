// The container: the strict safetensors file around a package, taken apart and checked.
//
// It knows bytes, names, types and offsets; what the manifest says is not its business. The rules
// are those of docs/package-format.md, "Container", each with a sentence of its own.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "package/package.h"

namespace bascule {

inline constexpr std::uint64_t kTensorAlignment = 64;
inline constexpr std::string_view kDigestTensor = "~sha256";

struct Container {
  Digest digest{};  // of the whole file
  std::string manifest_text;
  std::vector<Tensor>
      tensors;  // in file order, without paddings and the digest; borrow from the file
};

// Reads `file`, which outlives the result. First the digest, so that damage is called damage.
Result<Container> read_container(std::span<const std::byte> file);

// Appends the header's entry of a tensor at the given offsets: the one form that is accepted.
void append_tensor_entry(std::string& out, std::string_view name, DType dtype,
                         std::span<const std::uint64_t> shape, std::uint64_t begin,
                         std::uint64_t end);

}  // namespace bascule
