#include "api/worker_pool.h"

#include <algorithm>
#include <exception>

#include "api/call.h"

namespace bascule {
namespace {

constexpr std::int64_t kMeanOf = 16;  // tasks
constexpr std::size_t kFew = 8;       // tasks of a worker that may always wait or run
constexpr std::int64_t kWaitNs = 20'000'000;

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
  if (waiting_.fetch_add(1, std::memory_order_relaxed) >= bound()) {
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
      ran(clock_->monotonic_ns() - begin_ns);
    }
  });
  return true;
}

std::size_t WorkerPool::bound() const noexcept {
  const std::int64_t mean_ns = mean_run_ns_.load(std::memory_order_relaxed);
  if (clock_ == nullptr || mean_ns == 0) {
    return max_waiting_;
  }
  const auto in_time = static_cast<std::size_t>(kWaitNs / mean_ns);
  return std::min(max_waiting_, std::max(kFew, in_time) * workers_.size());
}

void WorkerPool::ran(std::int64_t ns) noexcept {
  const std::int64_t mean_ns = mean_run_ns_.load(std::memory_order_relaxed);
  mean_run_ns_.store(mean_ns == 0 ? ns : mean_ns + (ns - mean_ns) / kMeanOf,
                     std::memory_order_relaxed);
}

}  // namespace bascule
