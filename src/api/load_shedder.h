// Refuses a part of the requests when an event loop has more than it can do.
//
// What a loop cannot do in time waits in its queue, and the wait of the newest request is what its
// caller feels. The loop measures it (`waited`), one measurement after the other, while it is busy.
// A burst makes one wait long and the next short again; a load that is too high makes even the
// shortest of several waits long. That is when a share of the requests is refused at once, which
// costs a fraction of scoring them; the share grows with the shortest wait until that is short
// again. (CoDel's sign of a standing queue, for a share that is refused instead of packets that are
// dropped.)
// Threads: its loop's.
#pragma once

#include <cstdint>

namespace bascule {

class LoadShedder {
 public:
  // A wait that callers feel. A refusal costs a tenth of a small model's score: to keep a thousand
  // callers below 20 ms takes so many of them that a quarter of the good answers is left.
  static constexpr std::int64_t kTargetNs = 50'000'000;
  static constexpr std::int64_t kIntervalNs = 50'000'000;  // in which the shortest wait counts
  static constexpr int kSamples = 3;    // at least: an interval lasts until it has them
  static constexpr int kIntervals = 2;  // so many bad ones before the first refusal

  // At `now_ns` the loop had worked off what was queued `wait_ns` before.
  void waited(std::int64_t now_ns, std::int64_t wait_ns) noexcept;
  // Whether the next request is to be refused. Spreads refusals evenly.
  bool refuse(std::int64_t now_ns) noexcept;
  // Of requests, that are refused: 0 to 0.98.
  double share() const noexcept { return 1 - passing_; }

 private:
  // Whether nothing was measured for so long that the loop was idle; then it recovers.
  bool was_idle(std::int64_t now_ns) noexcept;
  void begin_interval(std::int64_t now_ns) noexcept;
  void recover(std::int64_t intervals) noexcept;

  std::int64_t begin_ns_ = 0;
  std::int64_t last_ns_ = 0;  // when the last wait was measured, and how long it was
  std::int64_t last_wait_ns_ = 0;
  std::int64_t shortest_ns_ = INT64_MAX;
  int samples_ = 0;
  int bad_intervals_ = 0;
  double passing_ = 1;  // share of the requests that are not refused
  double due_ = 0;      // refusals owed
};

}  // namespace bascule
