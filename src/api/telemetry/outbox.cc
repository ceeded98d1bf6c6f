#include "api/telemetry/outbox.h"

#include <utility>

namespace bascule {

Outbox::Outbox(std::size_t max_bytes, std::int64_t delay_ms, std::unique_ptr<Executor> executor,
               Send send)
    : max_bytes_(max_bytes),
      delay_ms_(delay_ms),
      send_(std::move(send)),
      executor_(std::move(executor)) {}

Outbox::~Outbox() {
  closing_ = true;
  executor_->post([this] { resume(); });
  executor_.reset();
}

void Outbox::put(std::string_view entry) {
  bool first = false;
  bool much = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t before = waiting_.text.size();
    if (entry.size() > max_bytes_ - before) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    waiting_.text += entry;
    first = waiting_.entries++ == 0;
    const std::size_t half = max_bytes_ / 2;
    much = before < half && waiting_.text.size() >= half;
  }
  if (much) {
    executor_->post([this] { flush(); });
  } else if (first) {
    executor_->post_after(delay_ms_, [this] { flush(); });
  }
}

void Outbox::flush() {
  if (pausing_) {
    return;
  }
  if (batch_.entries == 0) {
    const std::lock_guard lock(mutex_);
    std::swap(batch_, waiting_);
  }
  if (batch_.entries == 0) {
    return;
  }
  const Outcome outcome = send_(batch_);
  if (outcome.again_in_ms > 0 && !closing()) {
    pausing_ = true;
    executor_->post_after(outcome.again_in_ms, [this] { resume(); });
    return;
  }
  sent_.fetch_add(outcome.sent, std::memory_order_relaxed);
  dropped_.fetch_add(batch_.entries - outcome.sent, std::memory_order_relaxed);
  batch_ = {};
}

// What came during the pause has no timer any more: it is sent behind the batch that paused.
void Outbox::resume() {
  pausing_ = false;
  flush();
  flush();
}

}  // namespace bascule
