#include "engine/string_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bascule {
namespace {
TEST(StringIndex, FindsManyTextsTogetherAsOneByOne) {
  std::vector<std::string> words = {""};
  for (int i = 0; i < 3000; ++i) {
    words.push_back(std::string(static_cast<std::size_t>(i % 19), 'a') + std::to_string(i));
  }
  std::vector<std::string_view> known;
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < words.size(); ++i) {
    texts.push_back(words[i]);
    if (i % 3 != 1) {
      known.push_back(words[i]);
    }
  }
  const auto index = StringIndex::build(known);
  ASSERT_TRUE(index.has_value());
  std::vector<std::int32_t> found(texts.size());
  index->find_all(texts, found.data());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(found[i], index->find(texts[i]));
    const bool is_known = i % 3 != 1;
    ASSERT_EQ(found[i] >= 0, is_known) << texts[i];
    if (is_known) {
      EXPECT_EQ(known[static_cast<std::size_t>(found[i])], texts[i]);
    }
  }
}

// Bytes are read several at once, over each other at the end: each must count.
TEST(StringIndex, TellsApartWhatDiffersInOneByte) {
  std::vector<std::string> words;
  for (std::size_t size = 1; size <= 40; ++size) {
    words.emplace_back(size, 'a');
    for (std::size_t i = 0; i < size; ++i) {
      words.emplace_back(size, 'a');
      words.back()[i] = '\0';
    }
  }
  const std::vector<std::string_view> texts(words.begin(), words.end());
  for (std::size_t left_out = 0; left_out < texts.size(); left_out += 7) {
    std::vector<std::string_view> known = texts;
    known.erase(known.begin() + static_cast<std::ptrdiff_t>(left_out));
    const auto index = StringIndex::build(known);
    ASSERT_TRUE(index.has_value()) << index.error().message;
    std::vector<std::int32_t> found(texts.size());
    index->find_all(texts, found.data());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto position = static_cast<std::int32_t>(i - (i > left_out ? 1 : 0));
      ASSERT_EQ(found[i], i == left_out ? -1 : position) << i;
    }
  }
}

TEST(StringIndex, OfNothingFindsNothing) {
  const auto index = StringIndex::build({});
  ASSERT_TRUE(index.has_value());
  const std::vector<std::string_view> texts = {"", "a"};
  std::vector<std::int32_t> found(2, 7);
  index->find_all(texts, found.data());
  EXPECT_EQ(found, (std::vector<std::int32_t>{-1, -1}));
}
}  // namespace
}  // namespace bascule
