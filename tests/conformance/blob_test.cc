// Blob stores: every backend.

#include <algorithm>
#include <thread>

#include "base/sha256.h"
#include "fixture.h"

namespace bascule::conformance {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

class Blobs : public testing::TestWithParam<BlobBackend> {
 protected:
  Blobs() { reopen(); }
  void reopen() { store_ = need(GetParam().open(folder_.path())); }
  BlobStore& store() { return *store_; }
  std::string put(std::string_view text) {
    const auto bytes = bytes_of(text);
    auto digest = digest_text(sha256(bytes));
    EXPECT_TRUE(store().put(digest, bytes));
    return digest;
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<BlobStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Every, Blobs, testing::ValuesIn(blob_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Blobs, GiveBackTheBytesAcrossARestart) {
  const std::string text(1'000'000, 'x');
  const auto digest = put(text);
  const auto empty = put("");
  reopen();
  EXPECT_EQ(need(store().get(digest)), bytes_of(text));
  EXPECT_EQ(need(store().get(empty)), bytes_of(""));
  EXPECT_TRUE(need(store().exists(digest)));
}

TEST_P(Blobs, AreNotFoundUntilTheyAreThere) {
  const auto digest = digest_of(1);
  EXPECT_EQ(code_of(store().get(digest)), Code::kNotFound);
  EXPECT_FALSE(need(store().exists(digest)));
  EXPECT_TRUE(need(store().list()).empty());
}

TEST_P(Blobs, RefuseBytesThatDoNotHaveTheDigest) {
  const auto status = store().put(digest_of(1), bytes_of("other bytes"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalid);
  EXPECT_FALSE(need(store().exists(digest_of(1))));
}

// A digest becomes a path or a key: nothing else may.
TEST_P(Blobs, RefuseTextThatIsNoDigest) {
  for (const std::string& text :
       {std::string(""), std::string("sha256:"), "sha256:../../" + std::string(58, 'a'),
        "sha256:" + std::string(64, 'A'), "sha512:" + std::string(64, 'a'),
        "sha256:" + std::string(65, 'a'), std::string("/etc/passwd")}) {
    EXPECT_EQ(code_of(store().get(text)), Code::kInvalid) << text;
    EXPECT_EQ(code_of(store().exists(text)), Code::kInvalid) << text;
    EXPECT_EQ(code_of(store().put(text, {})), Code::kInvalid) << text;
    EXPECT_EQ(code_of(store().remove(text)), Code::kInvalid) << text;
  }
}

TEST_P(Blobs, TakeTheSameBytesAgain) {
  const auto digest = put("once");
  EXPECT_EQ(put("once"), digest);
  EXPECT_EQ(need(store().list()).size(), 1U);
}

TEST_P(Blobs, AreListedSortedAndRemoved) {
  std::vector<std::string> digests{put("a"), put("b"), put("c")};
  std::ranges::sort(digests);
  EXPECT_EQ(need(store().list()), digests);
  EXPECT_TRUE(store().remove(digests[1]));
  EXPECT_TRUE(store().remove(digests[1]));  // it is gone already
  EXPECT_EQ(need(store().list()), (std::vector<std::string>{digests[0], digests[2]}));
  EXPECT_EQ(code_of(store().get(digests[1])), Code::kNotFound);
}

TEST_P(Blobs, AreWholeWhenManyPutTheSame) {
  const std::string text(200'000, 'y');
  const auto digest = digest_text(sha256(text));
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        failed += store().put(digest, bytes_of(text)) ? 0 : 1;
        failed += store().get(digest) ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(need(store().list()), std::vector<std::string>{digest});
}

}  // namespace
}  // namespace bascule::conformance
