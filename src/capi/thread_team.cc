#include "capi/thread_team.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/limits.h"

namespace bascule::capi {

Result<std::unique_ptr<ThreadTeam>> ThreadTeam::start(std::size_t count) {
  if (count == 0 || count > limits::kTeamThreads) {
    return fail(Code::kInvalid, "{} threads, expected 1 to {}", count, limits::kTeamThreads);
  }
  std::unique_ptr<ThreadTeam> team(new ThreadTeam);
  team->threads_.reserve(count - 1);
  try {
    while (team->threads_.size() < count - 1) {
      team->threads_.emplace_back([shared = team->shared_.get()] { help(*shared); });
    }
  } catch (const std::system_error& error) {
    return fail(Code::kUnavailable, "thread {} of {} cannot be started: {}",
                team->threads_.size() + 2, count, error.code().message());
  }
  return team;
}

ThreadTeam::~ThreadTeam() {
  if (::getpid() != process_) {
    // After a fork the threads are the parent's: there is nobody to join, and what they wait on
    // cannot be destroyed.
    std::ranges::for_each(threads_, [](std::thread& thread) { thread.detach(); });
    [[maybe_unused]] const Shared* left = shared_.release();
    return;
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->changed.notify_all();
  std::ranges::for_each(threads_, [](std::thread& thread) { thread.join(); });
}

void ThreadTeam::run(std::size_t helpers, const std::function<void()>& work) {
  Job job{work, std::min(helpers, threads_.size())};
  if (job.places > 0) {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->jobs.push_back(&job);
    }
    shared_->changed.notify_all();
  }
  std::exception_ptr error = attempt(work);
  {
    std::unique_lock lock(shared_->mutex);
    std::erase(shared_->jobs, &job);
    shared_->changed.wait(lock, [&] { return job.working == 0; });
  }
  if (job.error != nullptr) {
    error = job.error;
  }
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

void ThreadTeam::help(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  while (true) {
    shared.changed.wait(lock, [&] { return shared.stopping || !shared.jobs.empty(); });
    if (shared.stopping) {
      return;
    }
    Job& job = *shared.jobs.front();
    ++job.working;
    if (--job.places == 0) {
      shared.jobs.erase(shared.jobs.begin());
    }
    lock.unlock();
    std::exception_ptr error = attempt(job.work);
    lock.lock();
    if (error != nullptr) {
      job.error = std::move(error);
    }
    if (--job.working == 0) {
      shared.changed.notify_all();
    }
  }
}

std::exception_ptr ThreadTeam::attempt(const std::function<void()>& work) noexcept {
  try {
    work();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace bascule::capi
