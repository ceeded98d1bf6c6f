#include "api/load_shedder.h"

#include <algorithm>

namespace bascule {
namespace {

constexpr double kGrowth = 0.2;  // of what is not refused yet, per bad interval
constexpr double kDecay = 0.8;   // per good one: from all to nothing in about a second
constexpr double kMost = 0.98;   // some are let through, so that the waits go on being measured
constexpr double kNothing = 0.01;

}  // namespace

void LoadShedder::waited(std::int64_t now_ns, std::int64_t wait_ns) noexcept {
  if (was_idle(now_ns)) {
    begin_interval(now_ns);
    bad_intervals_ = 0;
  }
  last_ns_ = now_ns;
  last_wait_ns_ = wait_ns;
  shortest_ns_ = std::min(shortest_ns_, wait_ns);
  ++samples_;
  if (samples_ < kSamples || now_ns - begin_ns_ < kIntervalNs) {
    return;
  }
  if (shortest_ns_ <= kTargetNs) {
    bad_intervals_ = 0;
    shrink(1);
  } else if (++bad_intervals_ >= kIntervals) {
    share_ = std::min(share_ + kGrowth * (1 - share_), kMost);
  }
  begin_interval(now_ns);
}

bool LoadShedder::refuse(std::int64_t now_ns) noexcept {
  if (share_ == 0) {
    return false;
  }
  if (was_idle(now_ns)) {
    last_ns_ = now_ns;
  }
  due_ += share_;
  if (due_ < 1) {
    return false;
  }
  due_ -= 1;
  return true;
}

// A measurement may be under way and take longer than the last one did.
bool LoadShedder::was_idle(std::int64_t now_ns) noexcept {
  const std::int64_t since = now_ns - last_ns_;
  if (since <= 4 * std::max(kIntervalNs, last_wait_ns_)) {
    return false;
  }
  shrink(since / kIntervalNs);
  return true;
}

void LoadShedder::begin_interval(std::int64_t now_ns) noexcept {
  begin_ns_ = now_ns;
  shortest_ns_ = INT64_MAX;
  samples_ = 0;
}

void LoadShedder::shrink(std::int64_t intervals) noexcept {
  for (; intervals > 0 && share_ > 0; --intervals) {
    share_ = share_ * kDecay < kNothing ? 0 : share_ * kDecay;
  }
}

}  // namespace bascule
