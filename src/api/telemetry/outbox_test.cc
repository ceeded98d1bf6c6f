#include "api/telemetry/outbox.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace bascule {
namespace {

constexpr std::int64_t kDelayMs = 100;
constexpr std::int64_t kMs = 1000;  // in microseconds

// Sends as the test says, when the test moves the clock.
class OutboxTest : public ::testing::Test {
 protected:
  void run_after(std::int64_t ms) {
    clock.advance_us(ms * kMs);
    executor->run_due();
  }

  FakeClock clock{0};
  std::vector<std::string> sent;
  Outbox::Outcome outcome{.sent = 1};
  std::unique_ptr<ManualExecutor> made = std::make_unique<ManualExecutor>(clock);
  ManualExecutor* executor = made.get();
  Outbox outbox{10, kDelayMs, std::move(made), [this](const Outbox::Batch& batch) {
                  sent.push_back(batch.text);
                  return outcome;
                }};
};

TEST_F(OutboxTest, SendsWhatCameInTheTimeAfterTheFirst) {
  outbox.put("a");
  run_after(kDelayMs - 1);
  outbox.put("b");
  EXPECT_TRUE(sent.empty());
  outcome = {.sent = 2};
  run_after(1);
  EXPECT_EQ(sent, std::vector<std::string>{"ab"});
  EXPECT_EQ(outbox.sent(), 2U);
  outbox.put("c");
  outcome = {.sent = 0};
  run_after(kDelayMs);
  EXPECT_EQ(sent.back(), "c");
  EXPECT_EQ(outbox.dropped(), 1U);
}

TEST_F(OutboxTest, SendsAtOnceWhenItIsHalfFull) {
  outbox.put("abc");
  outbox.put("de");
  run_after(0);
  EXPECT_EQ(sent, std::vector<std::string>{"abcde"});
}

TEST_F(OutboxTest, DropsWhatFindsNoRoom) {
  outbox.put("12345678");
  outbox.put("abc");
  outbox.put("90");
  EXPECT_EQ(outbox.dropped(), 1U);
  outcome = {.sent = 2};
  run_after(0);
  EXPECT_EQ(sent, std::vector<std::string>{"1234567890"});
  EXPECT_EQ(outbox.dropped(), 1U);
}

TEST_F(OutboxTest, SendsTheSameBatchAgainAndThenWhatCameMeanwhile) {
  outcome = {.again_in_ms = 500};
  outbox.put("a");
  run_after(kDelayMs);
  outbox.put("b");
  run_after(kDelayMs);  // the pause is not over
  EXPECT_EQ(sent.size(), 1U);
  EXPECT_EQ(outbox.dropped(), 0U);
  outcome = {.sent = 1};
  run_after(500 - kDelayMs);
  EXPECT_EQ(sent, (std::vector<std::string>{"a", "a", "b"}));
  EXPECT_EQ(outbox.sent(), 2U);
}

TEST(Outbox, SendsTheRestOnceWhenItEnds) {
  std::vector<std::string> sent;
  {
    Outbox outbox(100, 60'000, thread_executor("test"), [&](const Outbox::Batch& batch) {
      sent.push_back(batch.text);
      return Outbox::Outcome{.again_in_ms = 60'000};
    });
    outbox.put("a");
    outbox.put("b");
  }
  EXPECT_EQ(sent, std::vector<std::string>{"ab"});
}

}  // namespace
}  // namespace bascule
