#include "api/load_shedder.h"

#include <algorithm>
#include <cmath>

namespace bascule {
namespace {

// What is let through is what grows and shrinks: between 0.7 and 0.9 of refusals lies three times
// the work.
constexpr double kGrowth = 1.15;  // per good interval: from the least to all in about 1.5 s
constexpr double kLeast = 0.02;   // so that the waits go on being measured

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
    recover(1);
  } else if (++bad_intervals_ >= kIntervals) {
    // A wait four times too long halves what is let through.
    passing_ *= std::sqrt(static_cast<double>(kTargetNs) / static_cast<double>(shortest_ns_));
    passing_ = std::max(passing_, kLeast);
  }
  begin_interval(now_ns);
}

bool LoadShedder::refuse(std::int64_t now_ns) noexcept {
  if (passing_ == 1) {
    return false;
  }
  if (was_idle(now_ns)) {
    last_ns_ = now_ns;
  }
  due_ += share();
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
  recover(since / kIntervalNs);
  return true;
}

void LoadShedder::begin_interval(std::int64_t now_ns) noexcept {
  begin_ns_ = now_ns;
  shortest_ns_ = INT64_MAX;
  samples_ = 0;
}

void LoadShedder::recover(std::int64_t intervals) noexcept {
  for (; intervals > 0 && passing_ < 1; --intervals) {
    passing_ = std::min(passing_ * kGrowth, 1.0);
  }
}

}  // namespace bascule
