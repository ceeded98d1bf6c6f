#include "serving/live.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace bascule {
namespace {

// "7" or "v7", else 0.
std::int64_t version_number(std::string_view text) noexcept {
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

Result<const LiveTag*> LiveSet::find(std::string_view version) const {
  const std::int64_t number = version_number(version);
  const auto matches = [&](const LiveTag& tag) {
    return tag.tag == version || tag.live->digest == version || tag.live->version == number;
  };
  if (production && matches(*production)) {
    return &*production;
  }
  for (const LiveTag& tag : candidates) {
    if (matches(tag)) {
      return &tag;
    }
  }
  std::vector<std::string> live;
  if (production) {
    live.push_back(fmt::format("v{} (production)", production->live->version));
  }
  for (const LiveTag& tag : candidates) {
    live.push_back(fmt::format("v{} ({})", tag.live->version, tag.tag));
  }
  return fail(Code::kConflict, "{}: '{}' is not live; live are {}", model, version,
              live.empty() ? "none" : fmt::format("{}", fmt::join(live, ", ")));
}

std::vector<const LiveTag*> LiveSet::versions() const {
  std::vector<const LiveTag*> out;
  const auto add = [&](const LiveTag& tag) {
    const auto same = [&](const LiveTag* other) {
      return other->live->version == tag.live->version;
    };
    if (std::ranges::none_of(out, same)) {
      out.push_back(&tag);
    }
  };
  if (production) {
    add(*production);
  }
  std::ranges::for_each(candidates, add);
  return out;
}

void LiveModels::publish(std::shared_ptr<LiveSet> set) {
  const std::lock_guard lock(mutex_);
  set->generation = generation_.load(std::memory_order_relaxed) + 1;
  sets_[set->model] = set;
  generation_.fetch_add(1, std::memory_order_release);
}

void LiveModels::remove(const std::string& model) {
  const std::lock_guard lock(mutex_);
  sets_.erase(model);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const LiveSet> LiveModels::find(const std::string& model) const {
  const std::lock_guard lock(mutex_);
  const auto found = sets_.find(model);
  return found == sets_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const LiveSet>> LiveModels::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const LiveSet>> out;
  out.reserve(sets_.size());
  for (const auto& [name, set] : sets_) {
    out.push_back(set);
  }
  std::ranges::sort(out, {}, [](const auto& set) -> const std::string& { return set->model; });
  return out;
}

void LiveModels::Cache::refresh() {
  const std::uint64_t now = models_.generation_.load(std::memory_order_acquire);
  if (now == generation_) {
    return;
  }
  generation_ = now;
  sets_.clear();
}

const std::shared_ptr<const LiveSet>& LiveModels::Cache::find(std::string_view model) {
  refresh();
  const auto cached = sets_.find(model);
  if (cached != sets_.end()) {
    return cached->second;
  }
  auto set = models_.find(std::string(model));
  if (set == nullptr) {
    return none_;
  }
  return sets_.emplace(std::string(model), std::move(set)).first->second;
}

}  // namespace bascule
