#include "api/worker_pool.h"

#include <algorithm>
#include <exception>

#include "api/call.h"

namespace bascule {

WorkerPool::WorkerPool(std::size_t max_waiting, std::atomic<std::uint64_t>& exceptions)
    : max_waiting_(max_waiting), exceptions_(exceptions) {}

void WorkerPool::add(std::unique_ptr<Executor> executor, std::unique_ptr<ThreadState> state) {
  workers_.push_back(std::make_unique<Worker>());
  workers_.back()->executor = std::move(executor);
  workers_.back()->state = std::move(state);
}

// An executor's end runs what it has; a worker's counter must outlive that.
WorkerPool::~WorkerPool() {
  for (auto& worker : workers_) {
    worker->executor.reset();
  }
}

bool WorkerPool::post(Task task) {
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= max_waiting_) {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  // The one with the shortest queue: a push of a gigabyte holds up no other worker's tasks.
  const auto shortest =
      std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
        return a->waiting.load(std::memory_order_relaxed) <
               b->waiting.load(std::memory_order_relaxed);
      });
  Worker& worker = **shortest;
  worker.waiting.fetch_add(1, std::memory_order_relaxed);
  worker.executor->post([this, &worker, task = std::move(task)] {
    try {
      task(*worker.state);
    } catch (const std::exception&) {
      // The call that the task held answers 500 when the task is destroyed (api/handler.h).
      exceptions_.fetch_add(1, std::memory_order_relaxed);
    }
    worker.waiting.fetch_sub(1, std::memory_order_relaxed);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  });
  return true;
}

}  // namespace bascule
