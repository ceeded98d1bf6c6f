#include "engine/unicode.h"

#include <gtest/gtest.h>

#include <string>

#include "base/sha256.h"
#include "base/utf8.h"

namespace bascule {
namespace {
// Calls `use` with every code point that is no surrogate, as UTF-8.
template <typename Use>
void each_character(Use use) {
  for (std::uint32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) {
      continue;
    }
    std::string bytes(4, '\0');
    bytes.resize(put_code_point(code, bytes.data()));
    use(code, bytes);
  }
}

std::string lowered(const std::string& text) {
  std::string out(lower_bytes(text.size()), '\0');
  const std::size_t size = lower(unicode_14, text, out.data());
  EXPECT_LE(size, out.size()) << "it wrote more than lower_bytes says, for " << text;
  out.resize(size);
  return out;
}

std::string stripped(const std::string& text, bool ascii) {
  std::string out(stripped_bytes(text.size()), '\0');
  const std::size_t size = strip_accents(unicode_14, text, ascii, out.data());
  EXPECT_LE(size, out.size()) << "it wrote more than stripped_bytes says, for " << text;
  out.resize(size);
  return out;
}

// The digests are those of `python3.11 tools/make_unicode.py --digests`: every character as Python
// treats it.
TEST(Unicode14, KnowsThePythonWordCharacters) {
  std::string answers;
  each_character([&](std::uint32_t code, const std::string&) {
    answers += unicode_14.is_word(code) ? '\1' : '\0';
  });
  EXPECT_EQ(digest_text(sha256(answers)),
            "sha256:170fc420520fd6c39fb3e1ea534ebe163c74e696fb301ad20d3ab691b4c9073e");
}

TEST(Unicode14, LowersEveryCharacterAsPythonDoes) {
  std::string answers;
  each_character(
      [&](std::uint32_t, const std::string& character) { answers += lowered(character) + '\n'; });
  EXPECT_EQ(digest_text(sha256(answers)),
            "sha256:df5f2dce2f27c6135470af16d1fb16abb665a21ddc29386b62030008b01a2429");
}

TEST(Unicode14, ChoosesTheFinalSigmaBesideEveryCharacterAsPythonDoes) {
  const std::string sigma = "\u03A3";
  std::string answers;
  each_character([&](std::uint32_t, const std::string& character) {
    answers += lowered("A" + character + sigma + character + sigma + "A\n");
  });
  EXPECT_EQ(digest_text(sha256(answers)),
            "sha256:cd6613c2665bc77b7cd85c5489e765f7c00b1565598040c45f60016b78ab45f3");
}

TEST(Unicode14, KnowsThePythonSpace) {
  std::string answers;
  each_character([&](std::uint32_t code, const std::string&) {
    answers += unicode_14.is_space(code) ? '\1' : '\0';
  });
  EXPECT_EQ(digest_text(sha256(answers)),
            "sha256:88c564e99693061ab01f87b51191b3e33e015b2b616c57dd6194a24cc94e4132");
}

TEST(Unicode14, StripsEveryCharacterAsPythonDoes) {
  std::string answers;
  each_character([&](std::uint32_t, const std::string& character) {
    answers += stripped(character, false) + '\n';
    std::string ascii = stripped(character, false);
    std::erase_if(ascii, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    EXPECT_EQ(stripped(character, true), ascii) << character;
  });
  EXPECT_EQ(digest_text(sha256(answers)),
            "sha256:3479b3204b0361c4dc72a5fc299313652362006e8dac87296f38397c2cbe52fd");
}

TEST(Unicode14, SaysWhenLowerChangesNothing) {
  each_character([&](std::uint32_t, const std::string& character) {
    if (lowered(character) != character) {
      EXPECT_TRUE(may_change_in_lower(character)) << character;
    }
  });
  EXPECT_FALSE(may_change_in_lower("plain text, 123"));
}
}  // namespace
}  // namespace bascule
