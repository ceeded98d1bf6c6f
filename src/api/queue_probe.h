// How long what is ready waits for its turn in an event loop.
//
// The kernel hands out ready descriptors in the order in which they became ready, some at a time. A
// descriptor of our own that becomes ready now therefore comes back after all that is ready now,
// and the time between is what the newest request waits.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <utility>

#include "api/poller.h"
#include "base/clock.h"

namespace bascule::http {

class QueueProbe final : public Poller::Target {
 public:
  using Waited = std::function<void(std::int64_t now_ns, std::int64_t wait_ns)>;

  // Without a descriptor to have it measures nothing.
  QueueProbe(Poller& poller, const Clock& clock, Waited waited)
      : clock_(clock),
        waited_(std::move(waited)),
        descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    using enum Poller::Interest;
    if (!poller.watch(descriptor_.number(), kNone, kRead, *this)) {
      descriptor_.close();
    }
  }

  // While there is work: begins a measurement when the last one is a while ago. Loop thread.
  void busy() {
    if (sent_ns_ != 0 || !descriptor_.is_open()) {
      return;
    }
    const std::int64_t now_ns = clock_.monotonic_ns();
    if (now_ns < next_ns_) {
      return;
    }
    sent_ns_ = now_ns;
    const std::uint64_t one = 1;
    if (::write(descriptor_.number(), &one, sizeof one) < 0) {
      descriptor_.close();
    }
  }

  void ready() override {
    std::uint64_t count = 0;
    if (::read(descriptor_.number(), &count, sizeof count) < 0) {
      descriptor_.close();
    }
    const std::int64_t now_ns = clock_.monotonic_ns();
    waited_(now_ns, now_ns - std::exchange(sent_ns_, 0));
    next_ns_ = now_ns + kPauseNs;
  }

 private:
  static constexpr std::int64_t kPauseNs = 1'000'000;

  const Clock& clock_;
  const Waited waited_;
  Descriptor descriptor_;
  std::int64_t sent_ns_ = 0;  // 0: no measurement is under way
  std::int64_t next_ns_ = 0;
};

}  // namespace bascule::http
