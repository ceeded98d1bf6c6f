#include "api/telemetry/request_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace bascule {
namespace {

class RequestLogTest : public ::testing::Test {
 protected:
  RequestLogTest() {
    std::string name = (std::filesystem::temp_directory_path() / "bascule-log-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = (folder / "requests.log").string();
  }
  ~RequestLogTest() override {
    std::error_code ignored;  // a folder that stays behind harms no test
    std::filesystem::remove_all(folder, ignored);
  }

  std::string text() const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // A log whose lines are written when the test says so.
  std::unique_ptr<RequestLog> open() {
    auto made = std::make_unique<ManualExecutor>(clock);
    executor = made.get();
    return *RequestLog::open(path, std::move(made));
  }
  void write() {
    clock.advance_us(1'000'000);
    executor->run_due();
  }

  std::filesystem::path folder;
  std::string path;
  FakeClock clock{0};
  ManualExecutor* executor = nullptr;
};

TEST_F(RequestLogTest, KeepsLinesWholeWhoeverAdds) {
  constexpr int kThreads = 4;
  constexpr int kLines = 2'000;
  {
    const auto log = *RequestLog::open(path, thread_executor("test"));
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&log, i] {
        const std::string line(100 + static_cast<std::size_t>(i), static_cast<char>('a' + i));
        for (int n = 0; n < kLines; ++n) {
          log->add(line + "\n");
        }
      });
    }
  }
  std::ifstream file(path);
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    ASSERT_EQ(line, std::string(line.size(), line[0]));
    ASSERT_EQ(line.size(), 100 + static_cast<std::size_t>(line[0] - 'a'));
  }
  EXPECT_EQ(lines, kThreads * kLines);
}

TEST_F(RequestLogTest, BeginsALineOfItsOwnAfterADiskThatWasFull) {
  const auto log = open();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto signal_before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 6;  // as a disk with room for so many bytes
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  log->add("one\n");
  log->add("two\n");
  write();
  log->add("three\n");
  write();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, signal_before);
  log->add("four\n");
  write();
  EXPECT_EQ(text(), "one\ntw\nfour\n");
  EXPECT_EQ(log->written(), 2U);
  EXPECT_EQ(log->dropped(), 2U);
}

TEST_F(RequestLogTest, FollowsItsName) {
  const auto log = open();
  log->add("one\n");
  write();
  std::filesystem::rename(path, path + ".1");
  log->add("two\n");
  write();
  ASSERT_TRUE(log->reopen());
  log->add("three\n");
  write();
  EXPECT_EQ(text(), "three\n");
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(log->reopen());
  log->add("four\n");
  write();
  EXPECT_EQ(log->written(), 4U);  // to the file that has no name any more
}

TEST_F(RequestLogTest, EndsAlthoughNobodyReads) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  {
    const auto log = *RequestLog::open(path, thread_executor("test"));
    const std::string line = std::string(1'000, 'x') + "\n";
    for (int i = 0; i < 1'000; ++i) {  // more than a pipe holds
      log->add(line);
    }
  }
  ::close(reader);
}

}  // namespace
}  // namespace bascule
