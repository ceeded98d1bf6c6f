// Tokens: how a request says who asks.
//
// A token is 256 random bits and is shown once; what is kept is its SHA-256. A plain fast hash is
// right for that: the slow, salted ones defend secrets that people choose, and nobody guesses 256
// random bits however many hashes a second he has. It also makes the look-up safe: who measures how
// far a comparison of hashes got cannot turn that into a token.
//
// All tokens are in memory as an immutable set. A thread keeps a pointer to it and compares one
// number per request, as serving/live.h does, so that a check takes no lock and allocates nothing;
// a token that is revoked lets nobody in from the next request on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/route_table.h"
#include "base/random.h"
#include "base/result.h"
#include "base/sha256.h"
#include "registry/catalog.h"

namespace bascule {

// "bascule_" and 64 hexadecimal digits, so that scanners for leaked secrets can find it.
std::string make_token(Random& random);
// What the registry keeps of it.
std::string token_hash(std::string_view token);

// Who asks by a token.
struct Principal {
  std::int64_t token = 0;  // its id
  std::string name;
  Role role = Role::kViewer;
  TimeUs expires_at = 0;  // 0: never
  bool revoked = false;
  Digest hash{};
  // Days since 1970; written by the threads that serve, once a day.
  mutable std::atomic<std::int64_t> used_day{0};
};

class Tokens {
 public:
  // Outlived by the catalog; empty until `load`.
  explicit Tokens(Catalog& catalog) : catalog_(catalog) {}

  // Takes all tokens out of the catalog; the next request of every thread sees them. Any thread.
  Status load();
  // Writes the days of use that are new to the catalog; waits for the disk. Any thread.
  Status record_uses();
  // Whether there may be such days, for a thread that must not wait.
  bool has_uses() const noexcept { return has_uses_.load(std::memory_order_relaxed); }
  // Makes sure that somebody can let the others in: writes a new admin's token into `file`, for
  // its owner alone, when no admin's token lets in at `now`. True when it did.
  Result<bool> ensure_admin(const std::string& file, TimeUs now, Random& random);

 private:
  struct Entry {
    std::uint64_t begin = 0;  // of the hash
    std::unique_ptr<const Principal> principal;
  };
  using Set = std::vector<Entry>;  // in order of `begin`

 public:
  // One per thread.
  class Cache {
   public:
    explicit Cache(const Tokens& tokens) : tokens_(tokens) {}
    // Whose token it is, also when it lets nobody in any more; null when it is nobody's. Valid
    // until the next call.
    const Principal* find(std::string_view token);
    void note_use(const Principal& principal, TimeUs now) const noexcept;

   private:
    const Tokens& tokens_;
    std::uint64_t generation_ = 0;
    std::shared_ptr<const Set> set_;
  };

 private:
  friend class Cache;
  Catalog& catalog_;
  mutable std::mutex mutex_;  // guards set_
  std::shared_ptr<const Set> set_ = std::make_shared<const Set>();
  std::mutex load_mutex_;  // one `load` at a time: the older one must not come last
  std::atomic<std::uint64_t> generation_{1};
  mutable std::atomic<bool> has_uses_{false};
};

}  // namespace bascule
