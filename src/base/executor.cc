#include "base/executor.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bascule {
namespace {

using Task = std::function<void()>;

// Timers by when they are due; those due at the same moment in the order they were set. A heap.
class Timers {
 public:
  void add(std::int64_t due_ns, Task task) {
    timers_.push_back({due_ns, next_++, std::move(task)});
    std::ranges::push_heap(timers_, later);
  }
  std::optional<std::int64_t> next_due_ns() const {
    if (timers_.empty()) {
      return std::nullopt;
    }
    return timers_.front().due_ns;
  }
  // The earliest one that is due at `now_ns`, or an empty function.
  Task take_due(std::int64_t now_ns) {
    if (timers_.empty() || timers_.front().due_ns > now_ns) {
      return {};
    }
    std::ranges::pop_heap(timers_, later);
    Task task = std::move(timers_.back().task);
    timers_.pop_back();
    return task;
  }

 private:
  struct Timer {
    std::int64_t due_ns;
    std::uint64_t order;
    Task task;
  };
  static bool later(const Timer& a, const Timer& b) {
    return std::pair(a.due_ns, a.order) > std::pair(b.due_ns, b.order);
  }
  std::vector<Timer> timers_;
  std::uint64_t next_ = 0;
};

constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t now_ns() {
  return system_clock().monotonic_ns();
}

// Shadow work yields to requests: the idle class where the kernel has it, and the lowest nice value
// in any case. Refused in some sandboxes, where the thread then runs like any other.
void lower_priority() {
  const sched_param parameter{};
  static_cast<void>(pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameter));
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, 19));
}

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor(const char* name, bool low_priority)
      : thread_([this, name = std::string(name), low_priority] {
          // The kernel keeps 15 characters.
          pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
          if (low_priority) {
            lower_priority();
          }
          run();
        }) {}

  ~ThreadExecutor() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void post(Task task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  void post_after(std::int64_t delay_ms, Task task) override {
    {
      const std::lock_guard lock(mutex_);
      timers_.add(now_ns() + delay_ms * kNsPerMs, std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (Task task = take(); task) {
        lock.unlock();
        task();
        task = nullptr;  // what it holds is let go outside the lock
        lock.lock();
      } else if (stopping_) {
        return;
      } else {
        wait(lock);
      }
    }
  }

  // The next task to run; a due timer goes first, so that a busy queue cannot starve it.
  Task take() {
    if (!stopping_) {
      if (Task due = timers_.take_due(now_ns()); due) {
        return due;
      }
    }
    if (tasks_.empty()) {
      return {};
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  void wait(std::unique_lock<std::mutex>& lock) {
    const auto due_ns = timers_.next_due_ns();
    if (!due_ns) {
      changed_.wait(lock);
      return;
    }
    const std::chrono::nanoseconds delay{*due_ns - now_ns()};
    changed_.wait_until(lock, std::chrono::steady_clock::now() + delay);
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  Timers timers_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<Executor> thread_executor(const char* name, bool low_priority) {
  return std::make_unique<ThreadExecutor>(name, low_priority);
}

struct ManualExecutor::Impl {
  FakeClock& clock;
  std::deque<Task> tasks;
  Timers timers;
};

ManualExecutor::ManualExecutor(FakeClock& clock) : impl_(new Impl{clock, {}, {}}) {}

ManualExecutor::~ManualExecutor() = default;

void ManualExecutor::post(Task task) {
  impl_->tasks.push_back(std::move(task));
}

void ManualExecutor::post_after(std::int64_t delay_ms, Task task) {
  impl_->timers.add(impl_->clock.monotonic_ns() + delay_ms * kNsPerMs, std::move(task));
}

std::size_t ManualExecutor::run_due() {
  std::size_t count = 0;
  while (true) {
    Task task = impl_->timers.take_due(impl_->clock.monotonic_ns());
    if (!task) {
      if (impl_->tasks.empty()) {
        return count;
      }
      task = std::move(impl_->tasks.front());
      impl_->tasks.pop_front();
    }
    task();
    ++count;
  }
}

}  // namespace bascule
