#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

namespace bascule {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string pattern = testing::TempDir() + "bascule-files-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }

  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::string text_of(const std::string& path) {
    const auto bytes = files_.read(path, 1'000'000).value();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::string folder_;
  Files& files_ = system_files();
};

TEST_F(FilesTest, AnAtomicWriteReplacesTheWholeFileAndLeavesNothingBeside) {
  ASSERT_TRUE(files_.write_atomic(path("a"), bytes_of("first and longer")));
  ASSERT_TRUE(files_.write_atomic(path("a"), bytes_of("second")));
  EXPECT_EQ(text_of(path("a")), "second");
  EXPECT_THAT(files_.list(folder_).value(), ElementsAre("a"));
}

TEST_F(FilesTest, APrivateFileIsForItsOwnerAlone) {
  ASSERT_TRUE(files_.write_atomic(path("a"), bytes_of("for all")));
  ASSERT_TRUE(write_private_file(path("a"), "secret"));
  EXPECT_EQ(text_of(path("a")), "secret");
  EXPECT_EQ(std::filesystem::status(path("a")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_THAT(files_.list(folder_).value(), ElementsAre("a"));
}

TEST_F(FilesTest, AWriteThatFailsLeavesTheOldFileAndNothingBeside) {
  ASSERT_TRUE(files_.write_atomic(path("a"), bytes_of("old")));
  // A child process under a file size limit: the write fails in the middle, as on a full disk.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4'096, 4'096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string much(1 << 20, 'x');
    ::_exit(files_.write_atomic(path("a"), bytes_of(much)) ? 1 : 0);
  }
  int result = -1;
  ::waitpid(child, &result, 0);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(text_of(path("a")), "old");
  EXPECT_THAT(files_.list(folder_).value(), ElementsAre("a"));
}

TEST_F(FilesTest, AFullDiskHasACodeOfItsOwn) {
  EXPECT_EQ(code_of_errno(ENOSPC), Code::kStorageFull);
  EXPECT_EQ(code_of_errno(EDQUOT), Code::kStorageFull);
  EXPECT_EQ(code_of_errno(ENOENT), Code::kNotFound);
  EXPECT_EQ(code_of_errno(EACCES), Code::kForbidden);
  EXPECT_EQ(code_of_errno(EIO), Code::kUnavailable);
}

TEST_F(FilesTest, ReadsUpToTheLimitAndRefusesOneByteMore) {
  ASSERT_TRUE(files_.write_atomic(path("a"), bytes_of("12345")));
  EXPECT_EQ(files_.read(path("a"), 5).value().size(), 5U);
  const auto refused = files_.read(path("a"), 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  EXPECT_THAT(refused.error().message, HasSubstr("has 5 bytes; at most 4"));
}

TEST_F(FilesTest, WhatIsNoFileIsNotRead) {
  EXPECT_EQ(files_.read(path("none"), 5).error().code, Code::kNotFound);
  EXPECT_EQ(files_.read(folder_, 5).error().code, Code::kInvalid);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(files_.read(path("pipe"), 5).error().code, Code::kInvalid);  // and does not wait
}

TEST_F(FilesTest, AnErrorNamesTheFileAndTheReason) {
  const auto status = files_.write_atomic(path("none/a"), bytes_of("x"));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("/none/a"));
  EXPECT_THAT(status.error().message, HasSubstr("No such file or directory"));
}

TEST_F(FilesTest, FoldersAreMadeListedAndEmptied) {
  ASSERT_TRUE(files_.make_folders(path("x/y/z")));
  ASSERT_TRUE(files_.make_folders(path("x/y/z")));  // again: nothing to do
  ASSERT_TRUE(files_.write_atomic(path("x/b"), bytes_of("")));
  ASSERT_TRUE(files_.write_atomic(path("x/a"), bytes_of("")));
  EXPECT_THAT(files_.list(path("x")).value(), ElementsAre("a", "b", "y"));
  EXPECT_TRUE(files_.exists(path("x/a")).value());
  ASSERT_TRUE(files_.remove(path("x/a")));
  EXPECT_FALSE(files_.exists(path("x/a")).value());
  EXPECT_EQ(files_.remove(path("x/a")).error().code, Code::kNotFound);
  EXPECT_EQ(files_.list(path("x/none")).error().code, Code::kNotFound);
}

TEST_F(FilesTest, ASecondLockIsRefusedAndNamesTheHolder) {
  auto lock = FileLock::acquire(path("lock"));
  ASSERT_TRUE(lock);
  const auto second = FileLock::acquire(path("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
  lock->reset();
  EXPECT_TRUE(FileLock::acquire(path("lock")));
}

TEST_F(FilesTest, TheLockOfAProcessThatDiedIsFree) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = FileLock::acquire(path("lock"));
    ::_exit(lock ? 0 : 1);  // without releasing it
  }
  int result = -1;
  ::waitpid(child, &result, 0);
  ASSERT_EQ(result, 0);
  EXPECT_TRUE(FileLock::acquire(path("lock")));
}

}  // namespace
}  // namespace bascule
