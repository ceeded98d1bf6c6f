#include "api/telemetry/telemetry.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

TEST(Sampler, TakesOneInSoManyAndNotByARhythm) {
  SeededRandom random(3);
  Sampler sampler(10, random);
  int taken = 0;
  int by_rhythm = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (sampler.take(random)) {
      ++taken;
      by_rhythm += i % 10 == 0 ? 1 : 0;
    }
  }
  EXPECT_NEAR(taken, 10'000, 300);
  EXPECT_NEAR(by_rhythm, 1'000, 150);
}

TEST(Sampler, TakesAllOrNone) {
  SeededRandom random(3);
  Sampler all(1, random);
  Sampler none(0, random);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(all.take(random));
    EXPECT_FALSE(none.take(random));
  }
}

TEST(Sampler, DoesNotAlwaysTakeTheFirst) {
  SeededRandom random(3);
  int first = 0;
  for (int i = 0; i < 1'000; ++i) {
    first += Sampler(100, random).take(random) ? 1 : 0;
  }
  EXPECT_LT(first, 30);
}

}  // namespace
}  // namespace bascule
