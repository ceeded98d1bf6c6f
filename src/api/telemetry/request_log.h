// The request log: lines of JSON, to stderr or to a file.
//
// A thread of its own writes, so that no request waits for a disk or for a pipe that nobody reads.
// The file is opened for appending: it may be moved away and reopened, or cut short, while it is
// written.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/telemetry/outbox.h"
#include "base/result.h"

namespace bascule {

class RequestLog {
 public:
  // `path` is a file's, or "stderr"; `executor` is the log's own. The error of opening the file.
  static Result<std::unique_ptr<RequestLog>> open(std::string path,
                                                  std::unique_ptr<Executor> executor);
  // Writes what waits, for a second at most when nobody reads.
  ~RequestLog();
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  // `line` ends with a line feed. Any thread.
  void add(std::string_view line) { outbox_.put(line); }
  // Opens the file again, under its name; the old one is kept when that fails. Any thread but an
  // event loop's.
  Status reopen();

  std::uint64_t written() const noexcept { return outbox_.sent(); }
  // For want of room, or because they could not be written.
  std::uint64_t dropped() const noexcept { return outbox_.dropped(); }

 private:
  class File;

  RequestLog(std::string path, std::shared_ptr<File> file, std::unique_ptr<Executor> executor);
  std::uint64_t write(std::string_view lines);

  const std::string path_;
  std::mutex mutex_;            // guards file_
  std::shared_ptr<File> file_;  // the writer holds it while it writes
  Outbox outbox_;
};

}  // namespace bascule
