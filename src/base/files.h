// The seam for the disk: a test can fill it, fail it, or lose what was not synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule {

class Files {
 public:
  virtual ~Files() = default;

  // The whole file. kNotFound when there is none, kTooLarge beyond `max_bytes`.
  virtual Result<std::vector<std::byte>> read(const std::string& path, std::uint64_t max_bytes) = 0;

  // Writes `bytes` beside `path`, syncs the file, renames it into place and syncs the folder: after
  // it returns the file is there whole, whatever happens to the machine; before, it is not there
  // at all. kStorageFull when the disk is.
  virtual Status write_atomic(const std::string& path, std::span<const std::byte> bytes) = 0;

  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Status make_folders(const std::string& path) = 0;
  virtual Status remove(const std::string& path) = 0;
  // Names in the folder, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
};

// The code behind an `errno` of a file call: kNotFound, kForbidden, kStorageFull, or kUnavailable.
Code code_of_errno(int error) noexcept;

// The machine's disk. The object lives as long as the process. Any thread.
Files& system_files() noexcept;

// `Files::write_atomic` on the machine's disk, for a secret: nobody but the owner can read the
// file, at no moment.
Status write_private_file(const std::string& path, std::string_view text);

// Holds an exclusive lock on `path` until it is destroyed, so that a second process cannot use the
// same data folder. kConflict when somebody holds it; the message names the process.
class FileLock {
 public:
  static Result<std::unique_ptr<FileLock>> acquire(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace bascule
