#include "api/outbox.h"

#include <utility>

namespace bascule {

std::size_t Outbox::put(std::string_view entry) {
  const std::lock_guard lock(mutex_);
  if (entry.size() > max_bytes_ - waiting_.bytes.size()) {
    ++dropped_;
    return 0;
  }
  waiting_.bytes += entry;
  ++waiting_.entries;
  return waiting_.bytes.size();
}

Outbox::Taken Outbox::take() {
  Taken taken;
  const std::lock_guard lock(mutex_);
  std::swap(taken, waiting_);
  return taken;
}

std::uint64_t Outbox::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace bascule
