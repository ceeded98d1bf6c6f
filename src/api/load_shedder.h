// Refuses a part of the requests when an event loop has more than it can do.
//
// What a loop cannot do in time waits in its queue, and the wait of the newest request is what its
// caller feels. The loop measures it (`waited`) now and then while it is busy. A burst makes one
// wait long and the next short again; a load that is too high makes even the shortest wait of an
// interval long. That is when a share of the requests is refused at once, which costs a fraction of
// scoring them, and the share grows until the shortest wait is short again. (CoDel's sign of a
// standing queue, and a share that is refused instead of packets that are dropped.) Threads: its
// loop's.
#pragma once

#include <cstdint>

namespace bascule {

class LoadShedder {
 public:
  static constexpr std::int64_t kTargetNs = 5'000'000;     // a wait that callers may feel
  static constexpr std::int64_t kIntervalNs = 50'000'000;  // in which the shortest wait counts
  static constexpr int kSamples = 4;                       // fewer in an interval say nothing
  static constexpr int kIntervals = 2;  // so many bad ones before the first refusal

  // At `now_ns` the loop had worked off what was queued `wait_ns` before.
  void waited(std::int64_t now_ns, std::int64_t wait_ns) noexcept;
  // Whether the next request is to be refused. Spreads refusals evenly.
  bool refuse(std::int64_t now_ns) noexcept;
  // Of requests, that are refused: 0 to 0.98.
  double share() const noexcept { return share_; }

 private:
  void end_interval(std::int64_t now_ns) noexcept;

  std::int64_t interval_ends_ns_ = 0;
  std::int64_t shortest_ns_ = INT64_MAX;
  int samples_ = 0;
  int bad_intervals_ = 0;
  double share_ = 0;
  double due_ = 0;  // refusals owed
};

}  // namespace bascule
