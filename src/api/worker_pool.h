// Threads for what an event loop must not wait for: the disk, and batches that take long.
//
// Bounded: when too much waits, `post` says no at once, and the face answers 503 instead of letting
// the queue grow.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"

namespace bascule {
struct ThreadState;  // api/call.h

class WorkerPool {
 public:
  using Task = std::function<void(ThreadState&)>;

  // An exception that a task throws ends that task and is counted.
  WorkerPool(std::size_t max_waiting, std::atomic<std::uint64_t>& exceptions);
  // Runs what was posted.
  ~WorkerPool();

  // One more worker, before the first task. It runs one task at a time, with its own state.
  void add(std::unique_ptr<Executor> executor, std::unique_ptr<ThreadState> state);

  // Any thread. False when `max_waiting` tasks are waiting or running already.
  bool post(Task task);

 private:
  struct Worker {
    std::atomic<std::size_t> waiting{0};
    std::unique_ptr<ThreadState> state;
    std::unique_ptr<Executor> executor;
  };
  const std::size_t max_waiting_;
  std::atomic<std::uint64_t>& exceptions_;
  std::atomic<std::size_t> waiting_{0};
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace bascule
