// Threads that lend a hand to whoever has work that can be shared.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace bascule::capi {

class ThreadTeam {
 public:
  // `count` threads, the caller of `run` among them: starts count - 1.
  // kInvalid unless 1 <= count <= limits::kTeamThreads; kUnavailable when one cannot be started.
  static Result<std::unique_ptr<ThreadTeam>> start(std::size_t count);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  // Calls `work` on the caller's thread and, at the same time, on at most `helpers` others as they
  // get idle; each call takes parts until none is left. Returns when all calls have; rethrows what
  // one of them threw. Any number of callers at once. The caller never waits for a thread that
  // has not begun: in a forked child, which has no other threads, it does everything itself.
  void run(std::size_t helpers, const std::function<void()>& work);

 private:
  struct Job {
    const std::function<void()>& work;
    std::size_t places;  // helpers that may still begin
    std::size_t working = 0;
    std::exception_ptr error{};
  };

  // What all threads see.
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;  // a job came or ended, or it is time to stop
    std::vector<Job*> jobs;           // that have places left; guarded by mutex, like the jobs
    bool stopping = false;            // guarded by mutex
  };

  ThreadTeam() = default;
  static void help(Shared& shared);
  static std::exception_ptr attempt(const std::function<void()>& work) noexcept;

  const pid_t process_ = ::getpid();
  std::unique_ptr<Shared> shared_ = std::make_unique<Shared>();
  std::vector<std::thread> threads_;
};

}  // namespace bascule::capi
