#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/sha256.h"

namespace bascule {
namespace {

TEST(Random, ASeedGivesTheBytesOfSplitmix64) {
  // The first three outputs for seed 1234567 of the reference implementation, little endian.
  SeededRandom random(1'234'567);
  std::array<std::byte, 24> bytes{};
  random.fill(bytes);
  const std::array<std::uint64_t, 3> expected{6457827717110365317U, 3203168211198807973U,
                                              9817491932198370423U};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(std::to_integer<std::uint64_t>(bytes[i]), (expected[i / 8] >> (8 * (i % 8))) & 0xff);
  }
}

TEST(Random, TheKernelFillsEveryByte) {
  std::array<std::byte, 4096> bytes{};
  system_random().fill(bytes);
  // 64 zero bytes in a row by chance: less likely than 2^-490.
  for (std::size_t i = 0; i < bytes.size(); i += 64) {
    std::byte any{};
    for (std::size_t j = i; j < i + 64; ++j) {
      any |= bytes[j];
    }
    EXPECT_NE(any, std::byte{}) << i;
  }
}

TEST(Random, ABufferGivesTheBytesOfItsSource) {
  SeededRandom plain(3);
  SeededRandom source(3);
  BufferedRandom buffered(source);
  std::array<std::byte, 1024> expected{};
  plain.fill(expected);
  std::array<std::byte, 1024> got{};
  for (std::size_t at = 0; at < got.size(); at += 16) {
    buffered.fill(std::span(got).subspan(at, 16));
  }
  EXPECT_EQ(got, expected);
  std::array<std::byte, 3000> more{};  // longer than the buffer
  buffered.fill(more);
  EXPECT_NE(more.back(), more[more.size() - 2]);
}

TEST(Uuid, IsOfVersion7AndStartsWithTheTime) {
  SeededRandom random(1);
  // The example of RFC 9562, appendix A.6: 0x017F22E279B0 ms.
  const std::string id = uuid_v7(1'645'557'742'000'000, random);
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id.substr(0, 15), "017f22e2-79b0-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_EQ(id[8], '-');
  EXPECT_EQ(id[23], '-');
}

TEST(Uuid, SortsAsItWasMade) {
  SeededRandom random(2);
  std::string before = uuid_v7(1'645'557'742'000'000, random);
  for (TimeUs us = 1; us <= 2'000; ++us) {
    std::string id = uuid_v7(1'645'557'742'000'000 + us, random);
    ASSERT_LT(before, id) << us;
    before = std::move(id);
  }
}

}  // namespace
}  // namespace bascule
