#include "api/load_shedder.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kLong = 2 * LoadShedder::kTargetNs;

// Feeds waits of `wait_ns`, one each 5 ms, for `ms`; returns the time it is then.
std::int64_t feed(LoadShedder& shedder, std::int64_t now, std::int64_t ms, std::int64_t wait_ns) {
  for (const std::int64_t end = now + ms * kMs; now < end; now += 5 * kMs) {
    shedder.waited(now, wait_ns);
  }
  return now;
}

int refusals(LoadShedder& shedder, std::int64_t now, int requests) {
  int refused = 0;
  for (int i = 0; i < requests; ++i) {
    refused += shedder.refuse(now) ? 1 : 0;
  }
  return refused;
}

TEST(LoadShedder, LetsShortWaitsAndBurstsPass) {
  LoadShedder shedder;
  std::int64_t now = feed(shedder, kMs, 1'000, LoadShedder::kTargetNs);
  for (int burst = 0; burst < 100; ++burst) {
    now = feed(shedder, now, 40, 100 * kMs);
    now = feed(shedder, now, 10, kMs);  // the shortest wait of each interval
  }
  EXPECT_EQ(shedder.share(), 0);
  EXPECT_EQ(refusals(shedder, now, 1'000), 0);
}

TEST(LoadShedder, RefusesMoreAndMoreWhileTheQueueStands) {
  LoadShedder shedder;
  std::int64_t now = feed(shedder, kMs, 300, kLong);
  const double first = shedder.share();
  EXPECT_GT(first, 0.1);
  LoadShedder longer;
  feed(longer, kMs, 300, 4 * kLong);
  EXPECT_GT(longer.share(), first + 0.2);
  now = feed(shedder, now, 200, kLong);
  EXPECT_GT(shedder.share(), first);
  now = feed(shedder, now, 5'000, kLong);
  EXPECT_LE(shedder.share(), 0.98);
  // Refusals are spread: the share of any run of requests.
  EXPECT_NEAR(refusals(shedder, now, 100), 100 * shedder.share(), 1);
}

TEST(LoadShedder, RecoversWithinTwoSeconds) {
  LoadShedder shedder;
  std::int64_t now = feed(shedder, kMs, 5'000, kLong);
  ASSERT_GT(shedder.share(), 0.9);
  now = feed(shedder, now, 2'000, kMs);
  EXPECT_EQ(shedder.share(), 0);
}

TEST(LoadShedder, AnIdleLoopRefusesNothing) {
  LoadShedder shedder;
  const std::int64_t now = feed(shedder, kMs, 5'000, kLong);
  EXPECT_FALSE(shedder.refuse(now + 3'000 * kMs));
  EXPECT_EQ(shedder.share(), 0);
}

// One measurement follows the other, so that long waits are few.
TEST(LoadShedder, CountsWaitsThatAreLongerThanAnInterval) {
  LoadShedder shedder;
  for (std::int64_t now = 250 * kMs; now <= 3'000 * kMs; now += 250 * kMs) {
    shedder.waited(now, 249 * kMs);
  }
  EXPECT_GT(shedder.share(), 0.1);
}

TEST(LoadShedder, ASingleLongPauseSaysNothing) {
  LoadShedder shedder;
  std::int64_t now = feed(shedder, kMs, 1'000, kMs);
  for (int pause = 0; pause < 10; ++pause) {
    now += 500 * kMs;  // the thread did not run
    shedder.waited(now, 500 * kMs);
    now = feed(shedder, now, 100, kMs);
  }
  EXPECT_EQ(shedder.share(), 0);
}

}  // namespace
}  // namespace bascule
