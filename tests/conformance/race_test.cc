// Threads that want the same thing at the same time: every backend.

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "fixture.h"

namespace bascule::conformance {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 20;

class Races : public CatalogTest {
 protected:
  // Runs `body(thread)` on kThreads threads that start together.
  template <typename Body>
  static void race(Body body) {
    std::atomic<int> ready = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        ++ready;
        while (ready < kThreads) {
          std::this_thread::yield();
        }
        body(thread);
      });
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Every, Races, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Races, NeverLoseAnUpdateThatWasComparedAndSwapped) {
  create_with_versions(kThreads);
  auto first = change_of("production", 1);
  first.expected_revision = 0;
  need(catalog().change_tag(first));
  std::atomic<int> won = 0;
  std::atomic<int> moved = 0;
  std::atomic<int> other = 0;
  race([&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      const auto seen = catalog().get_tag(kModel, "production");
      auto change = change_of("production", seen ? seen->version % kThreads + 1 : 0);
      change.actor = fmt::format("thread {}", thread);
      change.expected_revision = seen ? seen->revision : 0;
      const auto changed = catalog().change_tag(change);
      ++(changed ? won : changed.error().code == Code::kMoved ? moved : other);
    }
  });
  EXPECT_EQ(other, 0);
  EXPECT_EQ(won + moved, kThreads * kRounds);
  EXPECT_EQ(need(catalog().get_tag(kModel, "production")).revision, won + 1);
  // Each event found the tag where the one before it left it.
  const auto events = need(catalog().history({.model = kModel, .tag = "production"}));
  ASSERT_EQ(static_cast<int>(events.size()), won + 1);
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].old_version, events[i - 1].new_version);
    EXPECT_EQ(events[i].revision, events[i - 1].revision + 1);
    EXPECT_GT(events[i].at, events[i - 1].at);
  }
  need(catalog().verify_history());
}

TEST_P(Races, LetExactlyOneCreateAModelAndATag) {
  std::atomic<int> created = 0;
  race([&](int /*thread*/) { created += catalog().create_model(spec_of(kModel), "ada") ? 1 : 0; });
  EXPECT_EQ(created, 1);
  for (int n = 1; n <= kThreads; ++n) {
    need(catalog().add_version(push_of(kModel, n)));
  }
  std::atomic<int> set = 0;
  race([&](int thread) {
    auto change = change_of("production", thread + 1);
    change.expected_revision = 0;
    set += catalog().change_tag(change) ? 1 : 0;
  });
  EXPECT_EQ(set, 1);
}

TEST_P(Races, GiveEachPackageOneNumberAndLeaveNoneOut) {
  create_with_versions(0);
  std::array<std::array<std::int64_t, kRounds>, kThreads> numbers{};
  race([&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      // Every package is pushed by two threads.
      const auto version = catalog().add_version(push_of(kModel, thread / 2 * kRounds + round));
      numbers[thread][round] = version ? version->number : -1;
    }
  });
  std::set<std::int64_t> all;
  for (int thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(numbers[thread], numbers[thread / 2 * 2]);
    all.insert(numbers[thread].begin(), numbers[thread].end());
  }
  EXPECT_EQ(static_cast<int>(all.size()), kThreads / 2 * kRounds);
  EXPECT_EQ(*all.begin(), 1);
  EXPECT_EQ(*all.rbegin(), kThreads / 2 * kRounds);
}

TEST_P(Races, ShowAWatcherEveryEventOnceInOrder) {
  create_with_versions(2);
  const auto start = need(catalog().head_sequence());
  const auto end = start + (kThreads - 1) * kRounds;
  std::vector<std::int64_t> seen;
  race([&](int thread) {
    if (thread == 0) {
      while (seen.empty() || seen.back() < end) {
        const auto page =
            catalog().history({.after_seq = seen.empty() ? start : seen.back(), .limit = 3});
        for (const auto& event : page ? *page : std::vector<TagEvent>()) {
          seen.push_back(event.seq);
        }
      }
      return;
    }
    for (int round = 0; round < kRounds; ++round) {
      catalog().change_tag(change_of(fmt::format("t{}", thread), round % 2 + 1)).value();
    }
  });
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(end - start));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i], start + static_cast<std::int64_t>(i) + 1);
  }
}

}  // namespace
}  // namespace bascule::conformance
