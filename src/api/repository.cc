#include "api/repository.h"

#include <algorithm>

#include "base/limits.h"

namespace bascule {

Result<std::vector<IndexedModel>> repository_index(const ApiContext& api, bool ready_only) {
  std::vector<IndexedModel> out;
  std::string after;
  for (;;) {
    BASCULE_TRY(const auto models, api.services.catalog.list_models(after, limits::kPageRows));
    for (const Model& model : models) {
      after = model.spec.name;
      const auto set = api.services.live.find(after);
      const auto live = set ? set->versions() : std::vector<const LiveTag*>();
      for (const LiveTag* tag : live) {
        out.push_back({after, std::to_string(tag->live->version), "READY", ""});
      }
      if (live.empty() && !ready_only) {
        out.push_back({after, "", "UNAVAILABLE", "no version is live"});
      }
    }
    if (models.size() < limits::kPageRows) {
      return out;
    }
  }
}

Result<std::vector<ModelStatistics>> model_statistics(const ApiContext& api,
                                                      const std::string& model,
                                                      std::string_view version) {
  std::vector<std::shared_ptr<const LiveSet>> sets;
  if (model.empty()) {
    sets = api.services.live.all();
    std::ranges::sort(sets, {}, [](const auto& set) -> const std::string& { return set->model; });
  } else if (auto set = api.services.live.find(model)) {
    sets.push_back(std::move(set));
  } else {
    return fail(Code::kNotFound, "no version of '{}' is live", model);
  }
  std::vector<ModelStatistics> out;
  for (const auto& set : sets) {
    auto live = set->versions();
    if (!version.empty()) {
      const auto tag = set->find(version);
      if (!tag) {
        return fail(Code::kNotFound, "{}", tag.error().message);
      }
      live = {*tag};
    }
    const auto known = api.metrics.statistics(set->model);
    for (const LiveTag* tag : live) {
      const auto found = std::ranges::find(known, tag->live->version, &VersionStatistics::version);
      out.push_back({set->model, found == known.end()
                                     ? VersionStatistics{.version = tag->live->version}
                                     : *found});
    }
  }
  return out;
}

}  // namespace bascule
