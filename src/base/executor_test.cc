#include "base/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bascule {
namespace {

using testing::ElementsAre;

TEST(ThreadExecutor, RunsTasksInOrderOnOneThreadOfItsOwn) {
  std::vector<int> order;
  std::thread::id first;
  std::thread::id last;
  {
    const auto executor = thread_executor("order");
    executor->post([&] { first = std::this_thread::get_id(); });
    for (int i = 0; i < 100; ++i) {
      executor->post([&order, i] { order.push_back(i); });
    }
    executor->post([&] { last = std::this_thread::get_id(); });
  }  // the destructor runs them all
  EXPECT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(first, last);
  EXPECT_NE(first, std::this_thread::get_id());
}

TEST(ThreadExecutor, ATimerRunsNoEarlierThanAsked) {
  const auto executor = thread_executor("timer");
  std::promise<std::int64_t> ran_at;
  const std::int64_t start = system_clock().monotonic_ns();
  executor->post_after(5, [&] { ran_at.set_value(system_clock().monotonic_ns()); });
  EXPECT_GE(ran_at.get_future().get() - start, 5'000'000);
}

TEST(ThreadExecutor, AnEarlierTimerOvertakesALaterOne) {
  const auto executor = thread_executor("timers");
  std::promise<void> done;
  std::vector<int> order;
  executor->post([&] {  // both are set before either can run
    executor->post_after(3, [&] {
      order.push_back(3);
      done.set_value();
    });
    executor->post_after(1, [&] { order.push_back(1); });
  });
  done.get_future().wait();
  EXPECT_THAT(order, ElementsAre(1, 3));
}

TEST(ThreadExecutor, TheDestructorDropsTimersAndWhatTheyHold) {
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = held;
  {
    const auto executor = thread_executor("drop");
    executor->post_after(3'600'000, [held = std::move(held)] { ADD_FAILURE(); });
  }
  EXPECT_TRUE(watched.expired());
}

TEST(ThreadExecutor, ATaskPostedByATaskRunsBeforeTheEnd) {
  std::atomic<int> count = 0;
  {
    const auto executor = thread_executor("nested");
    executor->post([&] { executor->post([&] { ++count; }); });
  }
  EXPECT_EQ(count, 1);
}

TEST(ThreadExecutor, ItsThreadIsNamedAndMayYieldToOthers) {
  const auto executor = thread_executor("a-name-that-is-too-long", true);
  std::promise<std::pair<std::string, int>> seen;
  executor->post([&] {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
    seen.set_value({name.data(), ::getpriority(PRIO_PROCESS, thread)});
  });
  const auto [name, nice] = seen.get_future().get();
  EXPECT_EQ(name, "a-name-that-is-");
  EXPECT_EQ(nice, 19);
}

TEST(ManualExecutor, RunsNothingUntilToldTo) {
  FakeClock clock(0);
  ManualExecutor executor(clock);
  std::vector<int> order;
  executor.post([&] { order.push_back(1); });
  executor.post([&] {
    order.push_back(2);
    executor.post([&] { order.push_back(3); });
  });
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(executor.run_due(), 3U);
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  EXPECT_EQ(executor.run_due(), 0U);
}

TEST(ManualExecutor, TimersRunByTheFakeClockInOrderOfTheirTimes) {
  FakeClock clock(0);
  ManualExecutor executor(clock);
  std::vector<int> order;
  executor.post_after(20, [&] { order.push_back(20); });
  executor.post_after(10, [&] { order.push_back(10); });
  executor.post_after(10, [&] { order.push_back(11); });
  EXPECT_EQ(executor.run_due(), 0U);
  clock.advance_us(9'999);
  EXPECT_EQ(executor.run_due(), 0U);
  clock.advance_us(1);
  EXPECT_EQ(executor.run_due(), 2U);
  clock.set_now_us(0);  // the wall clock set back does not delay a timer
  clock.advance_us(10'000);
  EXPECT_EQ(executor.run_due(), 1U);
  EXPECT_THAT(order, ElementsAre(10, 11, 20));
}

}  // namespace
}  // namespace bascule
