// kill -9 while packages are pushed and tags move: what was acknowledged is there, and whole.
//
// A child process pushes (the blob, then its row) and sets tags, and acknowledges each on a pipe
// after the call returned. The parent kills it, opens the registry again, and looks. Kills come at
// random times (seeded), and at the two places that matter most: in the middle of a blob, and
// between the blob and its row. A kill is no power loss: what the kernel was given stays.
//
// BASCULE_KILLS sets how many random kills there are; make test-slow takes 1,000.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/sha256.h"
#include "registry/blob_store.h"
#include "registry/sqlite/catalog.h"

namespace bascule {
namespace {

constexpr const char* kModel = "fraud/charge";
constexpr const char* kTag = "candidate/next";
constexpr std::size_t kBlobBytes = 200'000;
constexpr int kFastKills = 50;
constexpr std::uint64_t kLongestLifeUs = 60'000;

std::uint64_t draw(Random& random) {
  std::uint64_t out = 0;
  random.fill(std::as_writable_bytes(std::span(&out, 1)));
  return out;
}

using Stopwatch = std::chrono::steady_clock;

// When the child is killed.
struct Kill {
  enum From : std::uint8_t { kFromStart, kFromFirstAcknowledgement };
  From from = kFromStart;
  std::chrono::microseconds after{0};
};

// Whether something can be read from the pipe, or its end is reached, before the deadline.
bool readable_before(int pipe, Stopwatch::time_point deadline) {
  const auto left = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Stopwatch::now()).count());
  const timespec wait{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  pollfd readable{.fd = pipe, .events = POLLIN, .revents = 0};
  return ::ppoll(&readable, 1, &wait, nullptr) > 0;
}

// One acknowledged call. Smaller than PIPE_BUF, so that it arrives whole or not at all.
struct Acknowledged {
  enum Kind : std::uint8_t { kVersion, kTagChange };
  Kind kind = kVersion;
  std::int64_t version = 0;
  std::int64_t revision = 0;  // kTagChange
  Digest digest{};            // kVersion
};

// The registry in a data folder, opened as the service does it.
struct Registry {
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<BlobStore> blobs;
};

Result<Registry> open_registry(const std::string& folder) {
  Registry registry;
  BASCULE_TRY(registry.catalog, open_sqlite_catalog(folder));
  BASCULE_TRY(registry.blobs, open_folder_blob_store(folder));
  return registry;
}

std::vector<std::byte> new_package(Random& random) {
  std::vector<std::byte> bytes(kBlobBytes);
  random.fill(bytes);
  return bytes;
}

NewVersion push_of(const Digest& digest) {
  NewVersion pushed;
  pushed.model = kModel;
  pushed.digest = digest_text(digest);
  pushed.size_bytes = kBlobBytes;
  pushed.kind = "number";
  pushed.pushed_by = "child";
  return pushed;
}

TagChange change_of(std::int64_t version) {
  TagChange change;
  change.model = kModel;
  change.tag = kTag;
  change.version = version;
  change.actor = "child";
  return change;
}

class RegistryCrash : public testing::Test {
 protected:
  RegistryCrash() : folder_(testing::TempDir() + "bascule-crash-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    ModelSpec spec;
    spec.name = kModel;
    spec.kind = "number";
    spec.owner = "risk";
    EXPECT_TRUE(reopen().catalog->create_model(spec, "parent"));
  }
  ~RegistryCrash() override { std::filesystem::remove_all(folder_); }

  Registry reopen() {
    auto opened = open_registry(folder_);
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      std::abort();
    }
    return *std::move(opened);
  }

  // Runs `work` in a child that ends by a signal of its own making or by `kill`. Returns what was
  // acknowledged, and the signal in `signal_`.
  std::vector<Acknowledged> run_child(const std::function<void(int acknowledgements)>& work,
                                      std::optional<Kill> kill);
  // What must hold whatever happened.
  void check_whole(Registry& registry);

  std::string folder_;
  int signal_ = 0;
};

std::vector<Acknowledged> RegistryCrash::run_child(const std::function<void(int)>& work,
                                                   std::optional<Kill> kill) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::vector<Acknowledged> all;
  auto deadline = Stopwatch::time_point::max();
  for (;;) {
    if (kill && (kill->from == Kill::kFromStart || !all.empty())) {
      deadline = Stopwatch::now() + kill->after;
      kill.reset();
    }
    if (!readable_before(ends[0], deadline)) {
      ::kill(child, SIGKILL);  // what it wrote to the pipe before is still read
      deadline = Stopwatch::time_point::max();
    }
    Acknowledged one;
    const auto got = ::read(ends[0], &one, sizeof one);
    if (got != sizeof one) {
      EXPECT_EQ(got, 0);  // the child is gone
      break;
    }
    all.push_back(one);
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  signal_ = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  EXPECT_NE(signal_, 0) << "the child ended by itself with " << WEXITSTATUS(status);
  return all;
}

void RegistryCrash::check_whole(Registry& registry) {
  const auto history = registry.catalog->verify_history();
  EXPECT_TRUE(history) << history.error().message;
  // Every row has its blob, and numbers have no gaps.
  std::int64_t number = 0;
  for (std::int64_t before = 0;;) {
    const auto page = registry.catalog->list_versions(kModel, before, limits::kPageRows).value();
    if (page.empty()) {
      break;
    }
    for (const auto& version : page) {
      EXPECT_TRUE(number == 0 || version.number == number - 1);
      number = version.number;
      EXPECT_TRUE(registry.blobs->exists(version.digest).value()) << version_text(number);
    }
    before = page.back().number;
  }
  EXPECT_LE(number, 1);
  // Nothing half written is left beside the blobs.
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_ + "/blobs/sha256")) {
    EXPECT_TRUE(entry.is_directory() || parse_digest("sha256:" + entry.path().filename().string()))
        << entry.path();
  }
}

// What the child of the random kills does until it dies.
void push_and_tag(const std::string& folder, std::uint64_t seed, int acknowledgements) {
  auto registry = open_registry(folder);
  if (!registry) {
    ::_exit(1);
  }
  SeededRandom random(seed);
  const auto acknowledge = [&](const Acknowledged& one) {
    if (::write(acknowledgements, &one, sizeof one) != sizeof one) {
      ::_exit(2);
    }
  };
  for (;;) {
    const auto bytes = new_package(random);
    const auto digest = sha256(bytes);
    if (!registry->blobs->put(digest_text(digest), bytes)) {
      ::_exit(3);
    }
    const auto version = registry->catalog->add_version(push_of(digest));
    if (!version) {
      ::_exit(4);
    }
    acknowledge({.kind = Acknowledged::kVersion, .version = version->number, .digest = digest});
    const auto event = registry->catalog->change_tag(change_of(version->number));
    if (!event) {
      ::_exit(5);
    }
    acknowledge({.kind = Acknowledged::kTagChange,
                 .version = event->new_version,
                 .revision = event->revision});
  }
}

void check_acknowledged(Registry& registry, const std::vector<Acknowledged>& all) {
  Acknowledged last_change;
  for (const auto& one : all) {
    if (one.kind == Acknowledged::kTagChange) {
      last_change = one;
      continue;
    }
    const auto version = registry.catalog->get_version(kModel, one.version);
    ASSERT_TRUE(version) << version.error().message;
    EXPECT_EQ(version->digest, digest_text(one.digest));
    const auto bytes = registry.blobs->get(version->digest);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(bytes->size(), kBlobBytes);
  }
  if (last_change.revision == 0) {
    return;
  }
  // The tag is where it was acknowledged to be, or one change further that nobody heard of.
  const auto events =
      registry.catalog->history({.model = kModel, .tag = kTag, .limit = 2, .newest_first = true})
          .value();
  ASSERT_FALSE(events.empty());
  const auto found = std::ranges::find(events, last_change.revision, &TagEvent::revision);
  ASSERT_NE(found, events.end());
  EXPECT_EQ(found->new_version, last_change.version);
  EXPECT_EQ(registry.catalog->get_tag(kModel, kTag).value().revision, events.front().revision);
}

TEST_F(RegistryCrash, LosesNothingThatWasAcknowledgedWhenItIsKilledAtAnyTime) {
  const char* wanted = std::getenv("BASCULE_KILLS");
  const int kills = wanted == nullptr ? kFastKills : std::atoi(wanted);
  ASSERT_GT(kills, 0) << "BASCULE_KILLS=" << wanted;
  SeededRandom random(20261124);
  std::size_t acknowledged = 0;
  for (int i = 0; i < kills && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("kill {}", i));
    const auto seed = draw(random);
    // Every second child dies while it opens the registry or soon after; the others have written.
    const Kill kill{.from = i % 2 == 0 ? Kill::kFromStart : Kill::kFromFirstAcknowledgement,
                    .after = std::chrono::microseconds(draw(random) % kLongestLifeUs)};
    const auto all = run_child([&](int pipe) { push_and_tag(folder_, seed, pipe); }, kill);
    EXPECT_EQ(signal_, SIGKILL);
    auto registry = reopen();
    check_acknowledged(registry, all);
    check_whole(registry);
    acknowledged += all.size();
  }
  EXPECT_GE(acknowledged, static_cast<std::size_t>(kills) / 2);
  RecordProperty("kills", kills);
  RecordProperty("acknowledged", static_cast<int>(acknowledged));
}

TEST_F(RegistryCrash, LosesNothingBetweenTheBlobAndItsRow) {
  SeededRandom random(1);
  const auto bytes = new_package(random);
  const auto digest = sha256(bytes);
  run_child(
      [&](int /*pipe*/) {
        auto registry = open_registry(folder_);
        if (registry && registry->blobs->put(digest_text(digest), bytes)) {
          ::raise(SIGKILL);
        }
      },
      std::nullopt);
  EXPECT_EQ(signal_, SIGKILL);

  auto registry = reopen();
  check_whole(registry);
  // The blob is there, no row names it, and nobody trips over it.
  EXPECT_EQ(registry.blobs->list().value(), std::vector<std::string>{digest_text(digest)});
  EXPECT_TRUE(registry.catalog->list_digests("", 10).value().empty());
  EXPECT_FALSE(registry.catalog->find_version(kModel, digest_text(digest)));
  // Another package gets the first number; the orphan is taken up when it is pushed again.
  const auto other = new_package(random);
  ASSERT_TRUE(registry.blobs->put(digest_text(sha256(other)), other));
  EXPECT_EQ(registry.catalog->add_version(push_of(sha256(other))).value().number, 1);
  ASSERT_TRUE(registry.blobs->put(digest_text(digest), bytes));
  EXPECT_EQ(registry.catalog->add_version(push_of(digest)).value().number, 2);
  EXPECT_EQ(registry.blobs->get(digest_text(digest)).value(), bytes);
  check_whole(registry);
}

// The kernel ends a process that writes beyond its file size limit, in the middle of the file.
TEST_F(RegistryCrash, LeavesNothingOfABlobThatWasHalfWritten) {
  SeededRandom random(2);
  const auto bytes = new_package(random);
  const auto digest = digest_text(sha256(bytes));
  run_child(
      [&](int /*pipe*/) {
        const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
        const rlimit half{.rlim_cur = kBlobBytes / 2, .rlim_max = kBlobBytes / 2};
        auto blobs = open_folder_blob_store(folder_);
        if (blobs && ::setrlimit(RLIMIT_CORE, &no_core) == 0 &&
            ::setrlimit(RLIMIT_FSIZE, &half) == 0) {
          static_cast<void>((*blobs)->put(digest, bytes));  // does not come back
        }
      },
      std::nullopt);
  EXPECT_EQ(signal_, SIGXFSZ);

  const auto shard = folder_ + "/blobs/sha256/" + digest.substr(7, 2);
  const auto left = system_files().list(shard).value();
  ASSERT_EQ(left.size(), 1U);  // the half, under a name of its own
  EXPECT_EQ(std::filesystem::file_size(shard + "/" + left[0]), kBlobBytes / 2);

  auto registry = reopen();
  EXPECT_FALSE(registry.blobs->exists(digest).value());
  EXPECT_TRUE(system_files().list(shard).value().empty());
  check_whole(registry);
  EXPECT_TRUE(registry.blobs->put(digest, bytes));
  EXPECT_EQ(registry.blobs->get(digest).value(), bytes);
}

}  // namespace
}  // namespace bascule
