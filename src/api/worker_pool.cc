#include "api/worker_pool.h"

#include <algorithm>
#include <exception>

#include "api/call.h"

namespace bascule {
namespace {

constexpr std::int64_t kMeanOf = 16;   // tasks
constexpr std::int64_t kPatience = 8;  // tasks of mean length

}  // namespace

WorkerPool::WorkerPool(std::size_t max_waiting, std::atomic<std::uint64_t>& exceptions,
                       const Clock* clock)
    : max_waiting_(max_waiting), exceptions_(exceptions), clock_(clock) {}

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
  if (refuses()) {
    return false;
  }
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
  const std::int64_t posted_ns = clock_ == nullptr ? 0 : clock_->monotonic_ns();
  worker.executor->post([this, &worker, posted_ns, task = std::move(task)] {
    const std::int64_t begin_ns = clock_ == nullptr ? 0 : clock_->monotonic_ns();
    try {
      task(*worker.state);
    } catch (const std::exception&) {
      // The call that the task held answers 500 when the task is destroyed (api/handler.h).
      exceptions_.fetch_add(1, std::memory_order_relaxed);
    }
    worker.waiting.fetch_sub(1, std::memory_order_relaxed);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    if (clock_ != nullptr) {
      const std::int64_t end_ns = clock_->monotonic_ns();
      ran(end_ns, begin_ns - posted_ns, end_ns - begin_ns);
    }
  });
  return true;
}

bool WorkerPool::refuses() {
  if (clock_ == nullptr) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  return shedder_.refuse(clock_->monotonic_ns());
}

void WorkerPool::ran(std::int64_t end_ns, std::int64_t wait_ns, std::int64_t run_ns) {
  const std::lock_guard lock(mutex_);
  mean_run_ns_ += mean_run_ns_ == 0 ? run_ns : (run_ns - mean_run_ns_) / kMeanOf;
  // Behind a few tasks everybody may wait, however long each of them takes.
  shedder_.waited(end_ns, wait_ns <= kPatience * mean_run_ns_ ? 0 : wait_ns);
}

}  // namespace bascule
