// Threads for what an event loop must not wait for: the disk, and scores that take long.
//
// Bounded: when too much waits, `post` says no at once, and the face answers 429 instead of letting
// the queue grow. The service has one pool that scores, and one for the rest: whoever moves a tag
// back does not wait behind a flood of batches.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"

namespace bascule {
struct ThreadState;  // api/call.h

class WorkerPool {
 public:
  using Task = std::function<void(ThreadState&)>;

  // An exception that a task throws ends that task and is counted. With a clock a task is
  // refused too when it would wait for longer than callers like, and for longer than a few take.
  WorkerPool(std::size_t max_waiting, std::atomic<std::uint64_t>& exceptions,
             const Clock* clock = nullptr);
  // Runs what was posted.
  ~WorkerPool();

  // One more worker, before the first task. It runs one task at a time, with its own state.
  void add(std::unique_ptr<Executor> executor, std::unique_ptr<ThreadState> state);

  // Any thread. False when too many tasks are waiting or running already.
  bool post(Task task);

 private:
  struct Worker {
    std::atomic<std::size_t> waiting{0};
    std::unique_ptr<ThreadState> state;
    std::unique_ptr<Executor> executor;
  };
  // How many tasks may wait or run.
  std::size_t bound() const noexcept;
  void ran(std::int64_t ns) noexcept;

  const std::size_t max_waiting_;
  std::atomic<std::uint64_t>& exceptions_;
  std::atomic<std::size_t> waiting_{0};
  std::vector<std::unique_ptr<Worker>> workers_;
  const Clock* const clock_;
  std::atomic<std::int64_t> mean_run_ns_{0};  // of the last tasks; one left out is no harm
};

}  // namespace bascule
