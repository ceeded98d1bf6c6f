#include "capi/thread_team.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace bascule::capi {
namespace {
std::unique_ptr<ThreadTeam> team_of(std::size_t count) {
  auto team = ThreadTeam::start(count);
  EXPECT_TRUE(team) << team.error().message;
  return *std::move(team);
}

// Takes all parts of `seen` together with whoever helps.
void take_all(ThreadTeam& team, std::size_t helpers, std::vector<int>& seen) {
  std::atomic<std::size_t> next = 0;
  team.run(helpers, [&] {
    for (std::size_t i = next++; i < seen.size(); i = next++) {
      ++seen[i];
    }
  });
}

TEST(ThreadTeam, DoesEveryPartOnceForManyCallersAtOnce) {
  const auto team = team_of(3);
  std::vector<std::vector<int>> seen(8, std::vector<int>(500));
  std::vector<std::thread> callers;
  for (auto& each : seen) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        take_all(*team, 2, each);
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(seen, (std::vector<std::vector<int>>(8, std::vector<int>(500, 50))));
}

TEST(ThreadTeam, HelpersReallyHelp) {
  const auto team = team_of(4);
  std::atomic<int> together = 0;
  // Ends only when all four have come.
  team->run(3, [&] {
    ++together;
    while (together < 4) {
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(together, 4);
}

TEST(ThreadTeam, HandsOnWhatAHelperThrewAndGoesOn) {
  const auto team = team_of(2);
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> thrown = false;
  const auto work = [&] {
    if (std::this_thread::get_id() != caller) {
      thrown = true;
      throw std::runtime_error("no memory left");
    }
    while (!thrown) {
      std::this_thread::yield();
    }
  };
  EXPECT_THROW(team->run(1, work), std::runtime_error);
  std::vector<int> seen(100);
  take_all(*team, 1, seen);
  EXPECT_EQ(seen, std::vector<int>(100, 1));
}

TEST(ThreadTeam, AForkedChildWorksAlone) {
  auto team = team_of(4);
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<int> seen(1'000);
    take_all(*team, 3, seen);
    team.reset();
    ::_exit(seen == std::vector<int>(1'000, 1) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
}  // namespace
}  // namespace bascule::capi
