// Words for AVX2: 32 bytes to a register.

#include <immintrin.h>

#include "engine/kernels/words.h"

namespace bascule {
namespace {
// All ones where `count` values from `first` on hold the byte.
__m256i within(__m256i bytes, char first, int count) {
  // Moved so that `first` becomes the least signed byte.
  const __m256i moved = _mm256_sub_epi8(bytes, _mm256_set1_epi8(static_cast<char>(first + 128)));
  return _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(count - 128)), moved);
}

std::uint32_t half(__m256i bytes) {
  const __m256i letters = within(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), 'a', 26);
  const __m256i digits = within(bytes, '0', 10);
  const __m256i underscores = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('_'));
  return static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(letters, digits), underscores)));
}

WordBits bits(const char* at) noexcept {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
  return {static_cast<std::uint64_t>(half(high)) << 32 | half(low),
          _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0};
}
}  // namespace

extern const WordKernels kWordKernelsAvx2 = {bits};
}  // namespace bascule
