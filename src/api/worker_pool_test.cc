#include "api/worker_pool.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "api/call.h"
#include "api/testing.h"

namespace bascule {
namespace {

// Workers whose tasks run when the test says so.
class WorkerPoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<WorkerPool> pool_of(std::size_t workers, std::size_t max_waiting,
                                      bool sheds = false) {
    metrics.name_routes({});
    auto pool = std::make_unique<WorkerPool>(max_waiting, exceptions, sheds ? &clock : nullptr);
    for (std::size_t i = 0; i < workers; ++i) {
      auto executor = std::make_unique<ManualExecutor>(clock);
      executors.push_back(executor.get());
      pool->add(std::move(executor),
                std::make_unique<ThreadState>(stores.services(), metrics.add_shard(), telemetry));
    }
    return pool;
  }

  testing::TestServices stores;
  Metrics metrics;
  Telemetry telemetry;
  FakeClock clock{0};
  std::atomic<std::uint64_t> exceptions{0};
  std::vector<ManualExecutor*> executors;
};

TEST_F(WorkerPoolTest, SaysNoWhenTooMuchWaitsAndYesAgainLater) {
  const auto pool = pool_of(1, 2);
  int ran = 0;
  const auto task = [&](ThreadState&) { ++ran; };
  EXPECT_TRUE(pool->post(task));
  EXPECT_TRUE(pool->post(task));
  EXPECT_FALSE(pool->post(task));
  executors[0]->run_due();
  EXPECT_EQ(ran, 2);
  EXPECT_TRUE(pool->post(task));
  executors[0]->run_due();
  EXPECT_EQ(ran, 3);
}

TEST_F(WorkerPoolTest, GivesATaskToTheWorkerWithTheLeastToDo) {
  const auto pool = pool_of(2, 10);
  std::vector<int> ran;
  for (int i = 0; i < 4; ++i) {
    pool->post([&ran, i](ThreadState&) { ran.push_back(i); });
  }
  EXPECT_EQ(executors[0]->run_due(), 2U);
  EXPECT_EQ(executors[1]->run_due(), 2U);
  EXPECT_EQ(ran, (std::vector<int>{0, 2, 1, 3}));
}

// Posts so many tasks of so many microseconds at once, and lets all of them run; how many were
// refused.
int refused_of(WorkerPool& pool, ManualExecutor& worker, FakeClock& clock, int tasks, int us) {
  int refused = 0;
  for (int i = 0; i < tasks; ++i) {
    refused += pool.post([&, us](ThreadState&) { clock.advance_us(us); }) ? 0 : 1;
  }
  worker.run_due();
  return refused;
}

TEST_F(WorkerPoolTest, LetsAFewLongTasksWaitAndRefusesMore) {
  const auto pool = pool_of(1, 1'000, true);
  EXPECT_EQ(refused_of(*pool, *executors[0], clock, 20, 10'000), 0);  // nothing is known yet
  EXPECT_EQ(refused_of(*pool, *executors[0], clock, 8, 10'000), 0);
  EXPECT_EQ(refused_of(*pool, *executors[0], clock, 20, 10'000), 12);
}

TEST_F(WorkerPoolTest, LetsAsManyShortTasksWaitAsAreDoneInTime) {
  const auto pool = pool_of(1, 100, true);
  refused_of(*pool, *executors[0], clock, 10, 500);
  EXPECT_EQ(refused_of(*pool, *executors[0], clock, 60, 500), 20);  // 20 ms
  for (int i = 0; i < 100; ++i) {
    refused_of(*pool, *executors[0], clock, 8, 1);
  }
  EXPECT_EQ(refused_of(*pool, *executors[0], clock, 150, 1), 50);  // the bound
}

TEST_F(WorkerPoolTest, CountsAnExceptionAndGoesOn) {
  const auto pool = pool_of(1, 10);
  bool ran = false;
  pool->post([](ThreadState&) { throw std::runtime_error("nobody expected this"); });
  pool->post([&](ThreadState&) { ran = true; });
  executors[0]->run_due();
  EXPECT_EQ(exceptions.load(), 1U);
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace bascule
