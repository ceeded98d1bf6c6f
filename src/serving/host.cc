#include "serving/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "engine/golden.h"
#include "package/package.h"
#include "serving/policy_json.h"

namespace bascule {
namespace {

bool is_live_tag(std::string_view tag) noexcept {
  return tag == kProductionTag || tag.starts_with(kCandidatePrefix);
}

// What a golden row costs in a block of them, the least of a few runs; 0 when there is none.
Result<std::int64_t> measure_row_ns(const Plan& plan, const Clock& clock) {
  constexpr int kRuns = 3;
  constexpr std::int64_t kEnoughNs = 20'000'000;
  BASCULE_TRY(auto golden, GoldenRows::load(plan));
  const auto rows = std::min(golden.rows(), limits::kBlockRows);
  if (rows == 0) {
    return 0;
  }
  const auto inputs = golden.block(0);
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  std::int64_t least = INT64_MAX;
  for (int i = 0; i < kRuns && (i == 0 || least < kEnoughNs); ++i) {
    const std::int64_t begin_ns = clock.monotonic_ns();
    plan.run(rows, inputs, plan.default_outputs(), refused, scratch);
    least = std::min(least, clock.monotonic_ns() - begin_ns);
  }
  return least / static_cast<std::int64_t>(rows);
}

}  // namespace

Status unite_columns(LiveSet& set) {
  std::vector<LiveTag*> tags;
  if (set.production) {
    tags.push_back(&*set.production);
  }
  for (LiveTag& tag : set.candidates) {
    tags.push_back(&tag);
  }
  std::vector<const Manifest*> manifests;
  for (const LiveTag* tag : tags) {
    manifests.push_back(&tag->live->plan->manifest());
  }
  BASCULE_TRY(auto columns, Columns::unite(manifests));
  set.columns = std::make_shared<const Columns>(std::move(columns));
  for (LiveTag* tag : tags) {
    tag->columns.clear();
    for (const InputColumn& input : tag->live->plan->manifest().inputs) {
      tag->columns.push_back(static_cast<std::uint32_t>(*set.columns->find(input.name)));
    }
  }
  return {};
}

Host::Host(Catalog& catalog, BlobStore& blobs, LiveModels& live, const Clock& clock,
           std::string server)
    : catalog_(catalog), blobs_(blobs), live_(live), clock_(clock), server_(std::move(server)) {}

Result<std::shared_ptr<const Plan>> Host::prove(std::span<const std::byte> bytes) {
  BASCULE_TRY(auto package, Package::open(bytes));
  BASCULE_TRY(auto plan, Plan::load(std::move(package)));
  BASCULE_CHECK_OK(self_test(*plan, /*here=*/false));
  return plan;
}

Result<Host::Loaded> Host::load(const Version& version) {
  if (Loaded warm = by_digest_[version.digest].lock()) {
    return warm;
  }
  const std::string where = fmt::format("{}@{}", version.model, version_text(version.number));
  auto bytes = blobs_.get(version.digest);
  if (!bytes) {
    return prefixed(where, std::move(bytes.error()));
  }
  auto plan = prove(*bytes);
  if (!plan) {
    return prefixed(where, std::move(plan.error()));
  }
  BASCULE_TRY(const auto row_ns, measure_row_ns(**plan, clock_));
  auto loaded = std::make_shared<const LiveVersion>(
      LiveVersion{version.number, version.digest, *std::move(plan), row_ns});
  by_digest_[version.digest] = loaded;
  return loaded;
}

Result<std::shared_ptr<LiveSet>> Host::settings_of(const Model& model) const {
  auto set = std::make_shared<LiveSet>();
  set->model = model.spec.name;
  set->ignore_extra_columns = model.spec.ignore_extra_columns;
  set->key_column = model.spec.key_column;
  set->entity_column = model.spec.entity_column;
  set->amount_column = model.spec.amount_column;
  set->time_column = model.spec.time_column;
  set->segments = model.spec.segments;
  BASCULE_TRY(set->policy, read_policy(model.spec.policy));
  set->policy_id = model.policy_id;
  set->policy_revision = model.policy_revision;
  BASCULE_TRY(set->salt, catalog_.entity_salt(model.spec.name));
  return set;
}

std::optional<LiveTag> Host::live_tag(const Tag& tag, const LiveSet* before) {
  const auto keep = [&](const LiveTag& old) -> std::optional<LiveTag> {
    return old.tag == tag.name ? std::optional(old) : std::nullopt;
  };
  std::string error;
  std::optional<LiveTag> out;
  auto version = catalog_.get_version(tag.model, tag.version);
  auto loaded = version ? load(*version) : Result<Loaded>(std::unexpected(version.error()));
  if (loaded) {
    out = LiveTag{tag.name, tag.revision, *std::move(loaded), {}};
  } else {
    ++counts_.failed_loads;
    error = loaded.error().message;
    if (before != nullptr && before->production && !out) {
      out = keep(*before->production);
    }
    if (before != nullptr) {
      for (const LiveTag& old : before->candidates) {
        if (!out) {
          out = keep(old);
        }
      }
    }
  }
  // The registry may be down; what is live does not depend on this record.
  static_cast<void>(record(tag, out ? &*out : nullptr, error).has_value());
  return out;
}

Status Host::record(const Tag& tag, const LiveTag* actual, const std::string& error) {
  const std::string digest = actual == nullptr ? std::string() : actual->live->digest;
  Actual& known = actual_[fmt::format("{}:{}", tag.model, tag.name)];
  if (known.since == 0 || known.digest != digest) {
    known = {digest, clock_.now_us()};
  }
  return catalog_.record_serving_state(
      {server_, tag.model, tag.name, tag.digest, digest, known.since, error});
}

Status Host::preflight(const std::string& model, const std::string& tag, std::int64_t version) {
  if (!is_live_tag(tag)) {
    return {};
  }
  const std::lock_guard lock(mutex_);
  BASCULE_TRY(const auto wanted, catalog_.get_version(model, version));
  BASCULE_TRY(auto loaded, load(wanted));
  LiveSet trial;
  if (const auto current = live_.find(model)) {
    trial = *current;
  }
  trial.model = model;
  LiveTag moved{tag, 0, loaded, {}};
  if (tag == kProductionTag) {
    trial.production = std::move(moved);
  } else {
    std::erase_if(trial.candidates, [&](const LiveTag& old) { return old.tag == tag; });
    if (trial.candidates.size() >= limits::kCandidates) {
      return fail(Code::kConflict,
                  "{} has {} candidates, and a server scores no more beside production: delete a "
                  "candidate tag first",
                  model, trial.candidates.size());
    }
    trial.candidates.push_back(std::move(moved));
  }
  BASCULE_CHECK_OK(unite_columns(trial));
  preflighted_[model] = std::move(loaded);
  return {};
}

Status Host::refresh(const std::string& model) {
  const std::lock_guard lock(mutex_);
  BASCULE_TRY(const auto entry, catalog_.get_model(model));
  BASCULE_TRY(auto set, settings_of(entry));
  BASCULE_TRY(const auto tags, catalog_.list_tags(model, "", limits::kPageRows));
  const auto before = live_.find(model);
  for (const Tag& tag : tags) {
    if (!is_live_tag(tag.name)) {
      continue;
    }
    auto live = live_tag(tag, before.get());
    if (!live) {
      set->production_failed |= tag.name == kProductionTag;
      continue;
    }
    if (tag.name == kProductionTag) {
      set->production = std::move(live);
    } else if (set->candidates.size() < limits::kCandidates) {
      set->candidates.push_back(*std::move(live));
    }
  }
  BASCULE_CHECK_OK(unite_columns(*set));
  if (before != nullptr && before->production && set->production &&
      before->production->live->digest != set->production->live->digest) {
    last_production_[model] = before->production->live;
  }
  preflighted_.erase(model);
  live_.publish(std::move(set));
  ++counts_.swaps;
  return {};
}

Status Host::unload(const std::string& model) {
  const std::lock_guard lock(mutex_);
  if (live_.find(model) == nullptr) {
    return fail(Code::kNotFound, "no version of '{}' is live", model);
  }
  BASCULE_TRY(const auto tags, catalog_.list_tags(model, "", limits::kPageRows));
  live_.remove(model);
  last_production_.erase(model);
  for (const Tag& tag : tags) {
    if (is_live_tag(tag.name)) {
      BASCULE_CHECK_OK(record(tag, nullptr, "unloaded by request; load the model again"));
    }
  }
  return {};
}

Status Host::start() {
  std::string after;
  while (true) {
    BASCULE_TRY(const auto models, catalog_.list_models(after, limits::kPageRows));
    for (const Model& model : models) {
      BASCULE_CHECK_OK(refresh(model.spec.name));
    }
    if (models.size() < limits::kPageRows) {
      return {};
    }
    after = models.back().spec.name;
  }
}

Host::Counts Host::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace bascule
