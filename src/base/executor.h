// The seam for threads and timers: work is posted, never run at the caller's place.
//
// The service runs on threads; a test runs everything on its own thread, in an order it chooses,
// with a clock it moves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace bascule {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `task` later, once. Any thread. Tasks of one executor run one after the other.
  virtual void post(std::function<void()> task) = 0;
  // Runs `task` no earlier than `delay_ms` from now.
  virtual void post_after(std::int64_t delay_ms, std::function<void()> task) = 0;
};

// One thread of its own, named for `top` and `perf`. The destructor runs what was posted without
// delay, drops the timers, and joins.
std::unique_ptr<Executor> thread_executor(const char* name, bool low_priority = false);

// Runs tasks when told to, on the caller's thread, timers by `clock`.
class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(FakeClock& clock);
  ~ManualExecutor() override;
  void post(std::function<void()> task) override;
  void post_after(std::int64_t delay_ms, std::function<void()> task) override;
  // Runs what is due, and what that posts, until nothing is. Returns how many tasks ran.
  std::size_t run_due();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule
