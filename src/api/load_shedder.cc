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
  if (now_ns >= interval_ends_ns_) {
    end_interval(now_ns);
  }
  shortest_ns_ = std::min(shortest_ns_, wait_ns);
  ++samples_;
}

bool LoadShedder::refuse(std::int64_t now_ns) noexcept {
  if (share_ == 0) {
    return false;
  }
  if (now_ns >= interval_ends_ns_) {
    end_interval(now_ns);
  }
  due_ += share_;
  if (due_ < 1) {
    return false;
  }
  due_ -= 1;
  return true;
}

// Intervals in which nothing was measured were idle, and idle ones are good.
void LoadShedder::end_interval(std::int64_t now_ns) noexcept {
  const bool bad = samples_ >= kSamples && shortest_ns_ > kTargetNs;
  bad_intervals_ = bad ? bad_intervals_ + 1 : 0;
  if (bad_intervals_ >= kIntervals) {
    share_ = std::min(share_ + kGrowth * (1 - share_), kMost);
  }
  const std::int64_t idle = (now_ns - interval_ends_ns_) / kIntervalNs;
  for (std::int64_t good = idle + (bad ? 0 : 1); good > 0 && share_ > 0; --good) {
    share_ = share_ * kDecay < kNothing ? 0 : share_ * kDecay;
  }
  interval_ends_ns_ = now_ns + kIntervalNs;
  shortest_ns_ = INT64_MAX;
  samples_ = 0;
}

}  // namespace bascule
