#include "engine/kernels/words.h"

#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <random>

#include "engine/kernels/word_kernels.h"

namespace bascule {
namespace {
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

TEST(Words, HaveABitForEachOfTheirBytesAtEveryLevel) {
  std::mt19937 random(4);
  for (const CpuLevel level : kCpuLevels) {
    if (!cpu_has(level)) {
      std::cout << "skipped: this machine has no " << cpu_level_name(level) << '\n';
      continue;
    }
    for (int round = 0; round < 256; ++round) {
      std::array<char, 64> bytes{};
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        // Every byte at every place in the first rounds, then ASCII alone.
        const auto any = round < 128 ? static_cast<std::size_t>(round) * 2 + i : random() % 128;
        bytes[i] = static_cast<char>(any);
      }
      std::uint64_t words = 0;
      bool ascii = true;
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        words |= static_cast<std::uint64_t>(is_word(bytes[i])) << i;
        ascii &= static_cast<unsigned char>(bytes[i]) < 0x80;
      }
      const WordBits found = word_kernels(level).bits(bytes.data());
      ASSERT_EQ(found.words, words) << cpu_level_name(level) << ' ' << round;
      ASSERT_EQ(found.ascii, ascii) << cpu_level_name(level) << ' ' << round;
    }
  }
}
}  // namespace
}  // namespace bascule
