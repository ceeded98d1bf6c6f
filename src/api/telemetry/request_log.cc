#include "api/telemetry/request_log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "base/files.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::int64_t kDelayMs = 100;
constexpr int kPollMs = 100;
constexpr int kClosingMs = 1'000;
constexpr mode_t kFileMode = 0640;

}  // namespace

// Used by one thread.
class RequestLog::File {
 public:
  File(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
  ~File() {
    if (owned_) {
      ::close(descriptor_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  static Result<std::shared_ptr<File>> open(const std::string& path) {
    if (path == "stderr") {
      return std::make_shared<File>(STDERR_FILENO, false);
    }
    // Not blocking: a path that is a FIFO without a reader must not stop the start.
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    const int descriptor = ::open(path.c_str(), kFlags, kFileMode);
    if (descriptor < 0) {
      return fail(code_of_errno(errno), "the request log {} cannot be opened: {}", path,
                  std::generic_category().message(errno));
    }
    return std::make_shared<File>(descriptor, true);
  }

  // How many lines were written whole. Waits for a reader until `outbox` closes, and then a little.
  std::uint64_t write(std::string_view lines, const Outbox& outbox) {
    // What a full disk has cut off ends here, so that the next line is whole.
    if (torn_ && write_piece("\n", outbox) == 0) {
      return 0;
    }
    // In pieces that a pipe takes whole: other writers to the same pipe do not break our lines, and
    // one with room for a piece does not block.
    static_assert(limits::kRequestLineBytes <= PIPE_BUF);
    const std::string_view all = lines;
    while (!lines.empty()) {
      std::string_view piece = lines.substr(0, PIPE_BUF);
      piece = piece.substr(0, piece.rfind('\n') + 1);
      const std::size_t wrote = write_piece(piece, outbox);
      lines.remove_prefix(wrote);
      if (wrote < piece.size()) {
        break;
      }
    }
    const auto done = all.substr(0, all.size() - lines.size());
    return static_cast<std::uint64_t>(std::ranges::count(done, '\n'));
  }

 private:
  // How many bytes were written.
  std::size_t write_piece(std::string_view piece, const Outbox& outbox) {
    std::size_t done = 0;
    while (done < piece.size() && wait_until_writable(outbox)) {
      const ssize_t wrote = ::write(descriptor_, piece.data() + done, piece.size() - done);
      if (wrote > 0) {
        done += static_cast<std::size_t>(wrote);
        torn_ = piece[done - 1] != '\n';
      } else if (errno != EAGAIN && errno != EINTR) {
        break;
      }
    }
    return done;
  }

  bool wait_until_writable(const Outbox& outbox) {
    while (waited_ms_ < kClosingMs) {
      pollfd writable{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      if (::poll(&writable, 1, kPollMs) > 0) {
        return writable.revents == POLLOUT;  // and not that its reader is gone
      }
      waited_ms_ += outbox.closing() ? kPollMs : 0;
    }
    return false;
  }

  const int descriptor_;
  const bool owned_;
  bool torn_ = false;  // the last line that was written has no end
  int waited_ms_ = 0;  // since the outbox closes
};

Result<std::unique_ptr<RequestLog>> RequestLog::open(std::string path,
                                                     std::unique_ptr<Executor> executor) {
  BASCULE_TRY(auto file, File::open(path));
  return std::unique_ptr<RequestLog>(
      new RequestLog(std::move(path), std::move(file), std::move(executor)));
}

RequestLog::RequestLog(std::string path, std::shared_ptr<File> file,
                       std::unique_ptr<Executor> executor)
    : path_(std::move(path)),
      file_(std::move(file)),
      outbox_(limits::kRequestLogBytes, kDelayMs, std::move(executor),
              [this](const Outbox::Batch& batch) {
                return Outbox::Outcome{.sent = write(batch.text)};
              }) {}

RequestLog::~RequestLog() = default;

Status RequestLog::reopen() {
  BASCULE_TRY(auto file, File::open(path_));
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  return {};
}

std::uint64_t RequestLog::write(std::string_view lines) {
  std::shared_ptr<File> file;
  {
    const std::lock_guard lock(mutex_);
    file = file_;
  }
  return file->write(lines, outbox_);
}

}  // namespace bascule
