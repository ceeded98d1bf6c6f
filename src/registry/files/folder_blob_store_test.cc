// What only the folder promises; the contract is tests/conformance.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/sha256.h"
#include "registry/blob_store.h"

namespace bascule {
namespace {

// The machine's disk until it is full.
class FullDisk final : public Files {
 public:
  bool full = false;
  Result<std::vector<std::byte>> read(const std::string& path, std::uint64_t max_bytes) override {
    return disk_.read(path, max_bytes);
  }
  Status write_atomic(const std::string& path, std::span<const std::byte> bytes) override {
    if (full) {
      return fail(Code::kStorageFull, "'{}': no space left on device", path);
    }
    return disk_.write_atomic(path, bytes);
  }
  Result<bool> exists(const std::string& path) override { return disk_.exists(path); }
  Status make_folders(const std::string& path) override { return disk_.make_folders(path); }
  Status remove(const std::string& path) override { return disk_.remove(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return disk_.list(path);
  }

 private:
  Files& disk_ = system_files();
};

class FolderBlobStoreTest : public testing::Test {
 protected:
  FolderBlobStoreTest() : folder_(testing::TempDir() + "bascule-blobs-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    open();
  }
  ~FolderBlobStoreTest() override { std::filesystem::remove_all(folder_); }
  void open() {
    auto opened = open_folder_blob_store(folder_, disk_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  std::string path() const {
    const auto hex = digest_.substr(7);
    return folder_ + "/blobs/sha256/" + hex.substr(0, 2) + "/" + hex;
  }
  void write(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  std::string folder_;
  FullDisk disk_;
  std::unique_ptr<BlobStore> store_;
  const std::string text_ = "the package";
  const std::span<const std::byte> bytes_ = std::as_bytes(std::span(text_));
  const std::string digest_ = digest_text(sha256(text_));
};

TEST_F(FolderBlobStoreTest, KeepsOneFileForEachBlobUnderItsDigest) {
  ASSERT_TRUE(store_->put(digest_, bytes_));
  std::ifstream file(path(), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text_);
}

TEST_F(FolderBlobStoreTest, SaysThatTheDiskIsFullAndKeepsNothingOfTheBlob) {
  disk_.full = true;
  const auto status = store_->put(digest_, bytes_);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kStorageFull);
  EXPECT_FALSE(store_->exists(digest_).value());
  EXPECT_TRUE(store_->list().value().empty());
  disk_.full = false;
  EXPECT_TRUE(store_->put(digest_, bytes_));
}

TEST_F(FolderBlobStoreTest, RefusesABlobThatRottedAndMendsItWhenItIsPushedAgain) {
  ASSERT_TRUE(store_->put(digest_, bytes_));
  write(path(), "thE package");
  const auto rotten = store_->get(digest_);
  ASSERT_FALSE(rotten);
  EXPECT_EQ(rotten.error().code, Code::kInternal);
  EXPECT_NE(rotten.error().message.find(path()), std::string::npos);
  ASSERT_TRUE(store_->put(digest_, bytes_));
  EXPECT_TRUE(store_->get(digest_));
}

TEST_F(FolderBlobStoreTest, RemovesWhatAKillLeftHalfWrittenAndNothingElse) {
  ASSERT_TRUE(store_->put(digest_, bytes_));
  write(path() + ".part-0011223344556677", "the pa");
  write(path() + ".note", "somebody's");
  EXPECT_EQ(store_->list().value(), std::vector<std::string>{digest_});
  open();
  EXPECT_FALSE(std::filesystem::exists(path() + ".part-0011223344556677"));
  EXPECT_TRUE(std::filesystem::exists(path() + ".note"));
  EXPECT_TRUE(store_->get(digest_));
}

}  // namespace
}  // namespace bascule
