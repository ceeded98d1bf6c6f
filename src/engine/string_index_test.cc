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
