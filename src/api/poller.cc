#include "api/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace bascule::http {
namespace {

constexpr std::size_t kEvents = 128;  // that are asked for at a time

std::int64_t now_ms() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
}

}  // namespace

void Descriptor::close() noexcept {
  if (is_open()) {
    ::close(std::exchange(number_, -1));
  }
}

Poller::Poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (good() && ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, wake_.number(), &event) != 0) {
    wake_.close();
  }
}

bool Poller::watch(int descriptor, Interest before, Interest now, Target& target) noexcept {
  if (before == now) {
    return true;
  }
  epoll_event event{};
  event.events = now == Interest::kRead ? EPOLLIN : EPOLLOUT;
  event.data.ptr = &target;
  // One that is not watched is taken out: errors are reported whatever is asked for.
  const int what = before == Interest::kNone ? EPOLL_CTL_ADD
                   : now == Interest::kNone  ? EPOLL_CTL_DEL
                                             : EPOLL_CTL_MOD;
  return ::epoll_ctl(epoll_.number(), what, descriptor, &event) == 0;
}

void Poller::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
    has_posted_.store(true, std::memory_order_relaxed);
  }
  if (first && !on_this_thread()) {
    const std::uint64_t one = 1;
    // It fails when the counter is full: then the loop wakes anyway.
    static_cast<void>(!::write(wake_.number(), &one, sizeof one));
  }
}

void Poller::after(std::int64_t ms, Task task) {
  timers_.push_back({now_ms() + ms, std::move(task)});
}

void Poller::run(const std::function<void()>& turn) {
  thread_ = std::this_thread::get_id();
  for (;;) {
    const std::int64_t now = now_ms();
    run_due(now);
    run_posted();
    turn();
    if (stopped_) {
      return;
    }
    wait_and_call(now);
    turn();
  }
}

void Poller::wait_and_call(std::int64_t now) {
  std::int64_t wait_ms = -1;
  if (has_posted_.load(std::memory_order_relaxed)) {
    wait_ms = 0;
  } else if (!timers_.empty()) {
    const auto next = std::ranges::min_element(timers_, {}, &Timer::due_ms);
    wait_ms = std::clamp<std::int64_t>(next->due_ms - now, 0, INT32_MAX);
  }
  std::array<epoll_event, kEvents> events;
  const int count =
      ::epoll_wait(epoll_.number(), events.data(), kEvents, static_cast<int>(wait_ms));
  for (int i = 0; i < count; ++i) {
    if (auto* target = static_cast<Target*>(events[static_cast<std::size_t>(i)].data.ptr)) {
      target->ready();
      continue;
    }
    std::uint64_t ignored = 0;
    static_cast<void>(!::read(wake_.number(), &ignored, sizeof ignored));
  }
}

void Poller::run_posted() {
  if (!has_posted_.load(std::memory_order_relaxed)) {
    return;
  }
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
    has_posted_.store(false, std::memory_order_relaxed);
  }
  for (Task& task : tasks) {
    task();
  }
}

void Poller::run_due(std::int64_t now) {
  for (std::size_t i = 0; i < timers_.size();) {
    if (now < timers_[i].due_ms) {
      ++i;
      continue;
    }
    Task task = std::move(timers_[i].task);
    timers_.erase(timers_.begin() + static_cast<std::ptrdiff_t>(i));
    task();  // may add others
  }
}

}  // namespace bascule::http
