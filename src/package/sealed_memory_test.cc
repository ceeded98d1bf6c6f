#include "package/sealed_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bascule {
namespace {

std::vector<std::byte> some_bytes() {
  std::vector<std::byte> bytes(10'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 % 251);
  }
  return bytes;
}

TEST(SealedMemory, HoldsACopyThatStartsAtAPage) {
  auto bytes = some_bytes();
  const auto sealed = SealedMemory::copy_of(bytes).value();
  const auto plain = SealedMemory::anonymous_copy_of(bytes).value();
  const auto expected = bytes;
  std::ranges::fill(bytes, std::byte{});
  EXPECT_TRUE(std::ranges::equal(sealed->bytes(), expected));
  EXPECT_TRUE(std::ranges::equal(plain->bytes(), expected));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(sealed->bytes().data()) % 4'096, 0U);
}

// Writing to it is a fault, however it was made.
TEST(SealedMemoryDeathTest, CannotBeWrittenTo) {
  const auto bytes = some_bytes();
  for (const auto& memory :
       {SealedMemory::copy_of(bytes).value(), SealedMemory::anonymous_copy_of(bytes).value()}) {
    auto* target = const_cast<std::byte*>(memory->bytes().data());
    EXPECT_DEATH(*static_cast<volatile std::byte*>(target) = std::byte{1}, "");
  }
}

}  // namespace
}  // namespace bascule
