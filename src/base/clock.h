// The seam for time: a test can stop it, move it on, or set it back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule {

// Microseconds since 1970-01-01T00:00:00Z.
using TimeUs = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time, for records that people read. May jump. Any thread.
  virtual TimeUs now_us() const noexcept = 0;
  // Never goes back; for deadlines and latencies. Nanoseconds since an arbitrary start.
  virtual std::int64_t monotonic_ns() const noexcept = 0;
};

// The machine's clock. The object lives as long as the process.
const Clock& system_clock() noexcept;

// A clock that stands until it is told to move. One thread moves it at a time.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimeUs now) : now_us_(now) {}
  TimeUs now_us() const noexcept override { return now_us_; }
  std::int64_t monotonic_ns() const noexcept override { return monotonic_ns_; }
  void advance_us(std::int64_t us) noexcept {
    now_us_ += us;
    monotonic_ns_ += us * 1000;
  }
  void set_now_us(TimeUs now) noexcept { now_us_ = now; }  // the wall clock alone

 private:
  TimeUs now_us_;
  std::int64_t monotonic_ns_ = 0;
};

// RFC 3339 in UTC with microseconds, e.g. "2026-11-24T15:46:42.000001Z".
std::string format_time(TimeUs time);
// Accepts RFC 3339 with any offset and up to six digits of fraction.
Result<TimeUs> parse_time(std::string_view text);

}  // namespace bascule
