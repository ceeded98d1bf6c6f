// The host: keeps what is live in step with what the tags say.
//
// A swap is: fetch by digest, verify, map, plan, replay the golden rows, publish one pointer. The
// old plan is freed after the last request that used it. A version that cannot be loaded never
// replaces one that works: the old one keeps answering, desired and actual differ, and both are
// shown.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "registry/blob_store.h"
#include "registry/catalog.h"
#include "serving/live.h"

namespace bascule {

class Host {
 public:
  // All of them outlive the host. `server` is the name it reports to the registry.
  Host(Catalog& catalog, BlobStore& blobs, LiveModels& live, const Clock& clock,
       std::string server);

  // Opens a package, plans it and replays its golden rows: what every push and every load does.
  static Result<std::shared_ptr<const Plan>> prove(std::span<const std::byte> bytes);

  // Loads what every tag points at. A version that fails is recorded and the rest goes on; the
  // error is the registry's own.
  Status start();

  // What would go wrong if `tag` pointed at `version`: a package that does not load, columns that
  // clash with another live version, too many candidates. The version is kept warm.
  Status preflight(const std::string& model, const std::string& tag, std::int64_t version);

  // Brings the model in step with its tags and settings, and reports the serving state.
  Status refresh(const std::string& model);

  // Takes the model off this server until its next refresh: it answers no more, requests that began
  // end as they would, and the serving state says so. kNotFound when nothing of it is live.
  Status unload(const std::string& model);

  // How often a live set was published, and how often a load failed.
  struct Counts {
    std::int64_t swaps = 0;
    std::int64_t failed_loads = 0;
  };
  Counts counts() const;

 private:
  using Loaded = std::shared_ptr<const LiveVersion>;

  Result<Loaded> load(const Version& version);
  Result<std::shared_ptr<LiveSet>> settings_of(const Model& model) const;
  // The tag's version, or the one that was live before when it cannot be loaded.
  std::optional<LiveTag> live_tag(const Tag& tag, const LiveSet* before);
  Status record(const Tag& tag, const LiveTag* actual, const std::string& error);

  Catalog& catalog_;
  BlobStore& blobs_;
  LiveModels& live_;
  const Clock& clock_;
  const std::string server_;

  mutable std::mutex mutex_;  // guards everything below, and serialises refreshes
  std::unordered_map<std::string, std::weak_ptr<const LiveVersion>> by_digest_;
  // Per model the last production version, kept for a roll-back, and the last one preflighted.
  std::unordered_map<std::string, Loaded> last_production_, preflighted_;
  struct Actual {
    std::string digest;
    TimeUs since = 0;
  };
  std::unordered_map<std::string, Actual> actual_;  // per "model:tag", what this server has loaded
  Counts counts_;
};

// Gives every tag its positions in the union of the set's columns. kConflict when types clash.
Status unite_columns(LiveSet& set);

}  // namespace bascule
