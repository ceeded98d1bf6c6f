#include "base/utf8.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace bascule {
namespace {

TEST(Utf8, EveryCodePointReadsBackAsItWasWritten) {
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) {
      continue;
    }
    std::array<char, 4> bytes{};
    const std::string_view text(bytes.data(), put_code_point(code, bytes.data()));
    std::size_t at = 0;
    ASSERT_EQ(next_code_point(text, at), code);
    ASSERT_EQ(at, text.size());
    ASSERT_TRUE(is_utf8(text)) << code;
  }
}

TEST(Utf8, RefusesWhatTheStandardRefuses) {
  for (const std::string_view bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xef\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3z"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("caf\xc3\xa9 \xf0\x9f\x98\x80"));
}

TEST(Utf8, AByteThatStartsNothingIsReadAloneAndWrittenBack) {
  const std::string_view text = "\xc3(";
  std::size_t at = 0;
  const auto code = next_code_point(text, at);
  EXPECT_EQ(at, 1U);
  EXPECT_EQ(code, 0xDCC3U);
  std::array<char, 4> bytes{};
  EXPECT_EQ(put_code_point(code, bytes.data()), 1U);
  EXPECT_EQ(bytes[0], '\xc3');
}

TEST(Utf8, APrefixDoesNotEndInsideACodePoint) {
  const std::string_view text = "a\xe2\x82\xac";
  EXPECT_EQ(utf8_prefix(text, 4), text);
  EXPECT_EQ(utf8_prefix(text, 3), "a");
  EXPECT_EQ(utf8_prefix(text, 2), "a");
  EXPECT_EQ(utf8_prefix(text, 0), "");
  EXPECT_EQ(utf8_prefix("\x80\x80\x80", 2), "");
}

}  // namespace
}  // namespace bascule
