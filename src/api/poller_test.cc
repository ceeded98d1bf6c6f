#include "api/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace bascule::http {
namespace {

using enum Poller::Interest;

// Two ends of a connection; what it is told is counted and handed on.
class Pair final : public Poller::Target {
 public:
  Pair() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = Descriptor(ends[0]);
    theirs = Descriptor(ends[1]);
  }
  void ready() override {
    ++count;
    on_ready();
  }
  void send() { EXPECT_EQ(::send(theirs.number(), "x", 1, 0), 1); }
  void receive() {
    char byte = 0;
    EXPECT_EQ(::recv(ours.number(), &byte, 1, 0), 1);
  }

  Descriptor ours, theirs;
  int count = 0;
  std::function<void()> on_ready = [] {};
};

const std::function<void()> kNothing = [] {};

TEST(Poller, TellsOfADescriptorUntilItHasBeenRead) {
  Poller poller;
  Pair pair;
  pair.on_ready = [&] {
    if (pair.count == 3) {
      pair.receive();
      poller.post([&] { poller.stop(); });
    }
  };
  ASSERT_TRUE(poller.watch(pair.ours.number(), kNone, kRead, pair));
  pair.send();
  poller.run(kNothing);
  EXPECT_EQ(pair.count, 3);
}

TEST(Poller, IsSilentAboutWhatIsNotWatched) {
  Poller poller;
  Pair pair;
  ASSERT_TRUE(poller.watch(pair.ours.number(), kNone, kRead, pair));
  ASSERT_TRUE(poller.watch(pair.ours.number(), kRead, kNone, pair));
  pair.send();
  pair.theirs.close();  // not even of the end
  poller.after(5, [&] { poller.stop(); });
  poller.run(kNothing);
  EXPECT_EQ(pair.count, 0);
}

TEST(Poller, WatchesForRoomToWrite) {
  Poller poller;
  Pair pair;
  pair.on_ready = [&] { poller.stop(); };
  ASSERT_TRUE(poller.watch(pair.ours.number(), kNone, kRead, pair));
  ASSERT_TRUE(poller.watch(pair.ours.number(), kRead, kWrite, pair));
  poller.run(kNothing);
  EXPECT_EQ(pair.count, 1);
}

TEST(Poller, RunsTasksOfOtherThreadsInTheirOrder) {
  Poller poller;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      poller.post([&, i] { order.push_back(i); });
    }
    poller.post([&] {
      EXPECT_TRUE(poller.on_this_thread());
      poller.stop();
    });
    EXPECT_FALSE(poller.on_this_thread());
  });
  poller.run(kNothing);
  other.join();
  ASSERT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Poller, RunsWhatATaskPostsWithoutAnybodyElse) {
  Poller poller;
  poller.post([&] { poller.post([&] { poller.stop(); }); });
  poller.run(kNothing);
}

TEST(Poller, RunsTimersWhenTheyAreDue) {
  Poller poller;
  std::vector<int> order;
  poller.after(20, [&] {
    order.push_back(2);
    poller.after(1, [&] { poller.stop(); });
  });
  poller.after(1, [&] { order.push_back(1); });
  poller.run(kNothing);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

// After all that was ready together, and after what was posted.
TEST(Poller, TakesATurnWhenAllHaveBeenTold) {
  Poller poller;
  Pair first;
  Pair second;
  for (Pair* pair : {&first, &second}) {
    pair->on_ready = [pair] { pair->receive(); };
    ASSERT_TRUE(poller.watch(pair->ours.number(), kNone, kRead, *pair));
    pair->send();
  }
  std::vector<int> told;
  poller.run([&] {
    told.push_back(first.count + second.count);
    if (told.back() == 2) {
      poller.stop();
    }
  });
  EXPECT_EQ(told.front(), 0);
  EXPECT_EQ(told[1], 2);
}

TEST(Poller, DropsWithItselfWhatItDidNotRun) {
  const auto kept = std::make_shared<int>(0);
  {
    Poller poller;
    poller.post([kept] {});
    poller.after(1000, [kept] {});
    EXPECT_EQ(kept.use_count(), 3);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace bascule::http
