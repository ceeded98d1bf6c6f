#include "base/clock.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

TEST(Clock, AFakeClockStandsUntilItIsMoved) {
  FakeClock clock(1'000);
  EXPECT_EQ(clock.now_us(), 1'000);
  clock.advance_us(5);
  EXPECT_EQ(clock.now_us(), 1'005);
  EXPECT_EQ(clock.monotonic_ns(), 5'000);
  clock.set_now_us(7);  // set back: only the wall clock jumps
  EXPECT_EQ(clock.now_us(), 7);
  EXPECT_EQ(clock.monotonic_ns(), 5'000);
}

TEST(Clock, TheMachinesMonotonicClockDoesNotGoBack) {
  const auto first = system_clock().monotonic_ns();
  EXPECT_GE(system_clock().monotonic_ns(), first);
  EXPECT_GT(system_clock().now_us(), TimeUs{1'700'000'000'000'000});
}

TEST(Time, IsWrittenInUtcWithMicroseconds) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_time(951'782'400'000'001), "2000-02-29T00:00:00.000001Z");
}

TEST(Time, ReadsBackWhatItWrites) {
  for (const TimeUs time :
       {TimeUs{0}, TimeUs{-1}, TimeUs{1'795'535'202'000'001}, TimeUs{253'402'300'799'999'999}}) {
    EXPECT_EQ(parse_time(format_time(time)).value(), time);
  }
}

TEST(Time, AnyOffsetIsTheSameInstant) {
  const TimeUs noon = parse_time("2026-11-24T12:00:00Z").value();
  EXPECT_EQ(parse_time("2026-11-24T14:30:00+02:30").value(), noon);
  EXPECT_EQ(parse_time("2026-11-24T07:00:00-05:00").value(), noon);
  EXPECT_EQ(parse_time("2026-11-24t12:00:00.0z").value(), noon);
  EXPECT_EQ(parse_time("2026-11-24T12:00:00.5Z").value(), noon + 500'000);
}

TEST(Time, RefusesWhatIsNotRfc3339) {
  for (const char* text :
       {"", "2026", "2026-11-24", "2026-11-24T12:00:00", "2026-11-24 12:00:00Z",
        "2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z", "2026-11-24T24:00:00Z",
        "2026-11-24T12:00:60Z", "2026-11-24T12:00:00.Z", "2026-11-24T12:00:00.1234567Z",
        "2026-11-24T12:00:00+2:00", "2026-11-24T12:00:00Zx", "-026-11-24T12:00:00Z"}) {
    const auto parsed = parse_time(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
    EXPECT_NE(parsed.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace bascule
