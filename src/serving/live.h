// Live models: which plans answer now.
//
// A model's live set is immutable; a swap publishes a new one. Each event-loop thread keeps a
// cached pointer and compares one generation number per request, so that finding the live version
// costs no lock; an old set is freed after the last request and the last cache that used it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "engine/plan.h"
#include "evaluate/policy.h"
#include "serving/columns.h"

namespace bascule {

// A version that is loaded, self-tested and ready.
struct LiveVersion {
  std::int64_t version = 0;  // 7 of v7
  std::string digest;        // "sha256:..."
  std::shared_ptr<const Plan> plan;
  std::int64_t row_ns = 0;  // a golden row in a block took so long when it was loaded; 0: unknown
};

// A tag and the version it points at.
struct LiveTag {
  std::string tag;  // "production", "candidate/wider-trees"
  std::int64_t revision = 0;
  std::shared_ptr<const LiveVersion> live;
  std::vector<std::uint32_t> columns;  // per input of the version: its position in the union
};

struct LiveSet {
  std::string model;
  std::shared_ptr<const Columns> columns;
  std::optional<LiveTag> production;
  bool production_failed = false;  // what the tag points at could not be loaded; nothing answers
  std::vector<LiveTag> candidates;
  bool ignore_extra_columns = false;
  // Input columns that the model's settings name to take the envelope from; empty: not set.
  std::string key_column, entity_column, amount_column, time_column;
  std::vector<std::string> segments;  // declared names; others are refused
  Policy policy;
  std::string policy_id;  // digest of the policy's JSON
  std::int64_t policy_revision = 0;
  std::string salt;  // 32 bytes, for the HMAC of entities
  std::uint64_t generation = 0;

  // Whether the model's settings name a column to take something of the envelope from.
  bool takes_envelope_columns() const noexcept {
    return !(key_column.empty() && entity_column.empty() && amount_column.empty() &&
             time_column.empty());
  }
  // "v7", "7", a digest or a tag, among the live ones. kConflict says which are live.
  Result<const LiveTag*> find(std::string_view version) const;
  // One tag for each version that is live, production first.
  std::vector<const LiveTag*> versions() const;
};

class LiveModels {
 public:
  // Replaces the live set of its model.
  void publish(std::shared_ptr<LiveSet> set);
  void remove(const std::string& model);
  // Null when the model has nothing live. Takes a lock: use a Cache on the path of requests.
  std::shared_ptr<const LiveSet> find(const std::string& model) const;
  std::vector<std::shared_ptr<const LiveSet>> all() const;

  // One per thread.
  class Cache {
   public:
    explicit Cache(const LiveModels& models) : models_(models) {}
    // The live set, kept by this cache until `find` sees a newer generation.
    const std::shared_ptr<const LiveSet>& find(std::string_view model);
    // Lets go of sets that are no longer current; an idle thread calls it.
    void refresh();

   private:
    struct Hash {
      using is_transparent = void;
      std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
      }
    };
    const LiveModels& models_;
    std::uint64_t generation_ = 0;
    std::unordered_map<std::string, std::shared_ptr<const LiveSet>, Hash, std::equal_to<>> sets_;
    std::shared_ptr<const LiveSet> none_;
  };

 private:
  friend class Cache;
  mutable std::mutex mutex_;  // guards sets_
  std::unordered_map<std::string, std::shared_ptr<const LiveSet>> sets_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace bascule
