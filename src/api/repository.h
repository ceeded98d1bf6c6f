// The model repository and the statistics of the Open Inference Protocol's extensions: what both of
// its faces tell.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/metrics.h"
#include "base/result.h"

namespace bascule {

// What this server says it can do besides the protocol's core.
inline constexpr std::array<std::string_view, 3> kOipExtensions{"binary_tensor_data",
                                                                "model_repository", "statistics"};

// A version that answers, or a model of which none does.
struct IndexedModel {
  std::string name;
  std::string version;  // empty: none is live
  std::string_view state;
  std::string_view reason;
};

// All models, by name. Reads the registry: for workers.
Result<std::vector<IndexedModel>> repository_index(const ApiContext& api, bool ready_only);

// What the versions of one model did; of all live models when `model` is empty, of one version when
// `version` is not. Versions that are live and were not asked yet count nothing. kNotFound for a
// model without a live version and a version that is not live.
struct ModelStatistics {
  std::string name;
  VersionStatistics version;
};
Result<std::vector<ModelStatistics>> model_statistics(const ApiContext& api,
                                                      const std::string& model,
                                                      std::string_view version);

}  // namespace bascule
