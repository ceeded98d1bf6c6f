#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/random.h"
#include "base/sha256.h"

namespace bascule {
namespace {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::unexpected<Error> failed(std::string_view what, const std::string& path, int error) {
  return fail(code_of_errno(error), "cannot {} '{}': {}", what, path,
              std::generic_category().message(error));
}

Status write_all(int fd, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return failed("write", path, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Reads up to `bytes.size()`; how many there were. Less than asked for means the end of the file.
Result<std::size_t> read_all(int fd, const std::string& path, std::span<std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return failed("read", path, errno);
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status sync_folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) {
    return failed("open the folder", folder, errno);
  }
  if (::fsync(fd.get()) != 0) {
    return failed("sync the folder", folder, errno);
  }
  return {};
}

Status write_synced(const std::string& path, std::span<const std::byte> bytes, mode_t mode) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (fd.get() < 0) {
    return failed("create", path, errno);
  }
  BASCULE_CHECK_OK(write_all(fd.get(), path, bytes));
  if (::fsync(fd.get()) != 0) {
    return failed("sync", path, errno);
  }
  // Some file systems report a full disk only here.
  if (::close(fd.release()) != 0) {
    return failed("close", path, errno);
  }
  return {};
}

// A name beside `path` that no other writer uses.
std::string temporary_beside(const std::string& path) {
  std::array<std::byte, 8> salt;
  system_random().fill(salt);
  return path + ".part-" + to_hex(salt);
}

Status write_and_rename(const std::string& path, std::span<const std::byte> bytes, mode_t mode) {
  const std::string part = temporary_beside(path);
  if (auto status = write_synced(part, bytes, mode); !status) {
    ::unlink(part.c_str());
    return status;
  }
  if (::rename(part.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(part.c_str());
    return failed("rename into place", path, error);
  }
  return sync_folder_of(path);
}

class SystemFiles final : public Files {
 public:
  Result<std::vector<std::byte>> read(const std::string& path, std::uint64_t max_bytes) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) {
      return failed("open", path, errno);
    }
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) {
      return failed("look at", path, errno);
    }
    if (!S_ISREG(info.st_mode)) {
      return fail(Code::kInvalid, "'{}' is not a regular file", path);
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > max_bytes) {
      return fail(Code::kTooLarge, "'{}' has {} bytes; at most {} are read", path, size, max_bytes);
    }
    std::vector<std::byte> bytes(size);
    BASCULE_TRY(const auto got, read_all(fd.get(), path, bytes));
    bytes.resize(got);  // it may have been cut meanwhile; what grew is left out
    return bytes;
  }

  Status write_atomic(const std::string& path, std::span<const std::byte> bytes) override {
    return write_and_rename(path, bytes, 0644);
  }

  Result<bool> exists(const std::string& path) override {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) {
      return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
      return false;
    }
    return failed("look at", path, errno);
  }

  Status make_folders(const std::string& path) override {
    const auto folder = std::filesystem::absolute(path).lexically_normal();
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) {
      return {};
    }
    // A new folder is an entry of its parent, and is lost with it unless the parent is synced.
    if (const auto parent = folder.parent_path(); parent != folder) {
      BASCULE_CHECK_OK(make_folders(parent.string()));
    }
    std::filesystem::create_directory(folder, error);
    if (error) {
      return failed("create the folder", path, error.value());
    }
    return sync_folder_of(folder.string());
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) {
      return failed("remove", path, errno);
    }
    return sync_folder_of(path);
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(path, error);
    while (!error && entry != std::filesystem::directory_iterator()) {
      names.push_back(entry->path().filename().string());
      entry.increment(error);
    }
    if (error) {
      return failed("list the folder", path, error.value());
    }
    std::ranges::sort(names);
    return names;
  }
};

// What the holder of the lock wrote into it; "an unknown process" when it cannot be read.
std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
  if (got <= 0) {
    return "an unknown process";
  }
  std::string pid(text.data(), static_cast<std::size_t>(got));
  pid.erase(std::ranges::find_if_not(pid, [](char c) { return c >= '0' && c <= '9'; }), pid.end());
  return pid.empty() ? "an unknown process" : "process " + pid;
}

}  // namespace

Code code_of_errno(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kForbidden;
    case ENOSPC:
    case EDQUOT:
      return Code::kStorageFull;
    default:
      return Code::kUnavailable;
  }
}

Status write_private_file(const std::string& path, std::string_view text) {
  return write_and_rename(path, std::as_bytes(std::span(text)), 0600);
}

Files& system_files() noexcept {
  static SystemFiles files;
  return files;
}

// flock and not a file that is there or not: the kernel gives the lock back when the process dies,
// however it dies. The file stays behind; removing it would let two processes lock two files.
Result<std::unique_ptr<FileLock>> FileLock::acquire(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0) {
    return failed("open the lock", path, errno);
  }
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) {
      continue;
    }
    if (errno != EWOULDBLOCK) {
      return failed("lock", path, errno);
    }
    return fail(Code::kConflict, "'{}' is locked by {}; stop it, or use another data folder", path,
                holder_of(fd.get()));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0) {
    return failed("truncate", path, errno);
  }
  BASCULE_CHECK_OK(write_all(fd.get(), path, std::as_bytes(std::span(pid))));
  return std::unique_ptr<FileLock>(new FileLock(fd.release()));
}

FileLock::~FileLock() {
  ::close(fd_);
}

}  // namespace bascule
