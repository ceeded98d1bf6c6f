// Words for any processor: byte by byte, without a branch.

#include <cstddef>

#include "engine/kernels/words.h"

namespace bascule {
namespace {
WordBits bits(const char* at) noexcept {
  WordBits found = {0, true};
  unsigned all = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    const unsigned byte = static_cast<unsigned char>(at[i]);
    const bool word = (byte | 0x20) - 'a' < 26 || byte - '0' < 10 || byte == '_';
    found.words |= static_cast<std::uint64_t>(word) << i;
    all |= byte;
  }
  found.ascii = all < 0x80;
  return found;
}
}  // namespace

extern const WordKernels kWordKernelsBaseline = {bits};
}  // namespace bascule
