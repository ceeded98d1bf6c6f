// The request log: one line of JSON per request, to stderr or to a file.
//
// A thread of its own writes; who adds a line never waits for the disk or for a pipe that nobody
// reads. The file is opened for appending, so that it may be moved and reopened, or be cut short,
// while it is written.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/outbox.h"
#include "base/executor.h"
#include "base/result.h"

namespace bascule {

class RequestLog {
 public:
  // `executor` is the log's own. An empty `path` is stderr. The error of opening the file.
  static Result<std::unique_ptr<RequestLog>> open(std::string path,
                                                  std::unique_ptr<Executor> executor);
  // Writes what waits, for a second at most when nobody reads.
  ~RequestLog();
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  // `line` ends with a line feed. Dropped, and counted, when too much waits. Any thread.
  void add(std::string_view line);
  // Opens the file again, under its name; the old one is kept when that fails. Any thread but an
  // event loop's.
  Status reopen();

  std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  // For want of room, or because they could not be written.
  std::uint64_t dropped() const;

 private:
  class File;

  RequestLog(std::string path, std::shared_ptr<File> file, std::unique_ptr<Executor> executor);
  void write_waiting();
  // How many bytes were written: whole lines, but for a full disk.
  std::size_t write(int descriptor, std::string_view text);
  bool wait_until_writable(int descriptor);

  const std::string path_;
  Outbox outbox_;
  std::atomic<bool> posted_{false};  // the writer will look
  std::atomic<bool> closing_{false};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> lost_{0};
  int patience_ms_ = 0;         // the writer's, once closing
  std::mutex mutex_;            // guards file_
  std::shared_ptr<File> file_;  // the writer holds it while it writes
  std::unique_ptr<Executor> executor_;
};

}  // namespace bascule
