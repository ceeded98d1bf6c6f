// A policy: what a report must show before a promotion is allowed.
//
// One idea: a gate that cannot fail is worse than none, because people trust it. `validate` refuses
// a policy that every candidate would pass.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace bascule {

struct Policy {
  // Scores at or above it get actions[1], others actions[0]. Without one there are no actions.
  std::optional<double> threshold;
  std::array<std::string, 2> actions = {"pass", "flag"};

  // Rows that were scored by both and have a mature label; weighted rows count as the number of
  // plain rows that would say as much (the effective number).
  std::uint64_t min_labelled = 500;
  std::uint64_t min_positives = 20;  // yes/no only
  // The share of production's rows that the candidate scored. Lost shadows are not random.
  double min_coverage = 0.99;

  // Non-inferiority margins, one per kind: the 95 % interval of the difference, not the difference
  // itself, must stay on the good side. Few rows give a wide interval and fail.
  double max_auc_loss = 0.005;       // yes/no, absolute
  double max_accuracy_loss = 0.005;  // classes, absolute
  double max_rmse_increase = 0.02;   // number, relative to production's RMSE

  bool operator==(const Policy&) const = default;
};

// kInvalid names the member, its value and the range it must be in.
Status validate(const Policy& policy);

// The policy as one JSON object, keys sorted, every member written: the text whose digest
// identifies the policy. Members are named as above; `threshold` is null when there is none.
std::string policy_json(const Policy& policy);

}  // namespace bascule
