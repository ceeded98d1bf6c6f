// What an event loop waits for: descriptors, tasks of other threads, and the time.
//
// A descriptor is watched until it is told otherwise, and comes back as long as it is ready (epoll,
// level-triggered): a request costs no call but its read, its write and a share of a wait. Asio's
// one-shot waits cost one more for each of them.
// Threads: its loop's, apart from `post`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bascule::http {

// A descriptor that is closed with its owner; -1 for none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  int number() const noexcept { return number_; }
  bool is_open() const noexcept { return number_ >= 0; }
  void close() noexcept;

 private:
  int number_;
};

class Poller {
 public:
  using Task = std::move_only_function<void()>;

  // What a descriptor belongs to.
  class Target {
   public:
    virtual ~Target() = default;
    // The descriptor is ready for what it is watched for, or broken.
    virtual void ready() = 0;
  };

  enum class Interest : std::uint8_t { kNone, kRead, kWrite };

  // Without the descriptors that it needs it is not `good`, and does not run.
  Poller();
  bool good() const noexcept { return epoll_.is_open() && wake_.is_open(); }

  // Watches `descriptor` for another thing than before; closing it ends that too. A target
  // lives on until a task that is posted after that has run. False when the kernel has no room.
  bool watch(int descriptor, Interest before, Interest now, Target& target) noexcept;

  // Runs `task` on the loop's thread, behind what is ready. What is posted after the end is dropped
  // with the poller. Any thread.
  void post(Task task);
  // Runs `task` after that time, unless the loop has ended.
  void after(std::int64_t ms, Task task);

  // Waits and runs what comes, until `stop`; `turn` is called after what was ready, and after what
  // was posted.
  void run(const std::function<void()>& turn);
  void stop() noexcept { stopped_ = true; }
  bool on_this_thread() const noexcept {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  struct Timer {
    std::int64_t due_ms;
    Task task;
  };

  void wait_and_call(std::int64_t now);
  void run_posted();
  void run_due(std::int64_t now);

  Descriptor epoll_, wake_;
  std::vector<Timer> timers_;  // few
  bool stopped_ = false;
  std::atomic<std::thread::id> thread_;  // nobody's before `run`
  std::mutex mutex_;                     // guards posted_
  std::vector<Task> posted_;
  std::atomic<bool> has_posted_{false};
};

}  // namespace bascule::http
