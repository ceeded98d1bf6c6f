#include "api/request_log.h"

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

constexpr int kPollMs = 100;
constexpr int kClosingMs = 1'000;
constexpr mode_t kFileMode = 0640;

}  // namespace

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
    if (path.empty()) {
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

  int descriptor() const noexcept { return descriptor_; }

 private:
  const int descriptor_;
  const bool owned_;
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
      outbox_(limits::kRequestLogBytes),
      file_(std::move(file)),
      executor_(std::move(executor)) {}

RequestLog::~RequestLog() {
  closing_ = true;
  executor_.reset();
}

void RequestLog::add(std::string_view line) {
  if (outbox_.put(line) > 0 && !posted_.exchange(true)) {
    executor_->post([this] { write_waiting(); });
  }
}

Status RequestLog::reopen() {
  BASCULE_TRY(auto file, File::open(path_));
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  return {};
}

std::uint64_t RequestLog::dropped() const {
  return outbox_.dropped() + lost_.load(std::memory_order_relaxed);
}

void RequestLog::write_waiting() {
  posted_ = false;  // before taking: what comes from here on posts again
  const Outbox::Taken taken = outbox_.take();
  std::shared_ptr<File> file;
  {
    const std::lock_guard lock(mutex_);
    file = file_;
  }
  const std::string_view text = taken.bytes;
  const std::string_view done = text.substr(0, write(file->descriptor(), text));
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(done, '\n'));
  written_.fetch_add(lines, std::memory_order_relaxed);
  lost_.fetch_add(taken.entries - lines, std::memory_order_relaxed);
}

// In pieces that a pipe takes whole: lines of other writers to the same pipe do not break ours, and
// a pipe with room for a piece does not block.
std::size_t RequestLog::write(int descriptor, std::string_view text) {
  static_assert(limits::kRequestLineBytes <= PIPE_BUF);
  std::size_t done = 0;
  while (done < text.size()) {
    std::string_view piece = text.substr(done, PIPE_BUF);
    piece = piece.substr(0, piece.rfind('\n') + 1);
    if (!wait_until_writable(descriptor)) {
      break;
    }
    const ssize_t wrote = ::write(descriptor, piece.data(), piece.size());
    if (wrote > 0) {
      done += static_cast<std::size_t>(wrote);
    } else if (errno != EAGAIN && errno != EINTR) {
      break;
    }
  }
  return done;
}

// Waits for ever, until the log closes.
bool RequestLog::wait_until_writable(int descriptor) {
  for (;;) {
    pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
    if (::poll(&writable, 1, kPollMs) > 0) {
      return writable.revents == POLLOUT;  // and not that its reader is gone
    }
    if (closing_) {
      patience_ms_ += kPollMs;
      if (patience_ms_ > kClosingMs) {
        return false;
      }
    }
  }
}

}  // namespace bascule
