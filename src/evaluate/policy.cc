#include "evaluate/policy.h"

#include <cmath>

#include "base/json_writer.h"

namespace bascule {
namespace {

// The bounds are such that some candidate fails: an AUC may lose at most what a coin would keep.
Status check_margin(std::string_view member, double value, double below) {
  if (std::isfinite(value) && value >= 0 && value < below) {
    return {};
  }
  return fail(Code::kInvalid,
              "policy: {} is {}, expected a number from 0 to below {}; a larger one lets every "
              "candidate pass",
              member, value, below);
}

Status check_minimum(std::string_view member, std::uint64_t value, std::uint64_t least) {
  if (value >= least) {
    return {};
  }
  return fail(Code::kInvalid,
              "policy: {} is {}, expected at least {}; with fewer rows nothing can "
              "be measured and the gate could not fail",
              member, value, least);
}

}  // namespace

Status validate(const Policy& policy) {
  if (policy.threshold && !std::isfinite(*policy.threshold)) {
    return fail(Code::kInvalid, "policy: threshold is not a finite number; give one, or none");
  }
  if (policy.actions[0].empty() || policy.actions[1].empty() ||
      policy.actions[0] == policy.actions[1]) {
    return fail(Code::kInvalid,
                "policy: actions are '{}' and '{}', expected two different names: the one below "
                "the threshold, then the one from the threshold on",
                policy.actions[0], policy.actions[1]);
  }
  BASCULE_CHECK_OK(check_minimum("min_labelled", policy.min_labelled, 2));
  BASCULE_CHECK_OK(check_minimum("min_positives", policy.min_positives, 2));
  if (!(policy.min_coverage > 0 && policy.min_coverage <= 1)) {
    return fail(Code::kInvalid,
                "policy: min_coverage is {}, expected a share above 0 and at most 1; at 0 a "
                "candidate that scored nothing would pass",
                policy.min_coverage);
  }
  BASCULE_CHECK_OK(check_margin("max_auc_loss", policy.max_auc_loss, 0.5));
  BASCULE_CHECK_OK(check_margin("max_accuracy_loss", policy.max_accuracy_loss, 0.5));
  return check_margin("max_rmse_increase", policy.max_rmse_increase, 1);
}

std::string policy_json(const Policy& policy) {
  std::string out;
  JsonWriter json(out);
  const auto integer = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  json.object([&] {
    json.key("actions").array([&] {
      json.string(policy.actions[0]);
      json.string(policy.actions[1]);
    });
    json.key("max_accuracy_loss").number(policy.max_accuracy_loss);
    json.key("max_auc_loss").number(policy.max_auc_loss);
    json.key("max_rmse_increase").number(policy.max_rmse_increase);
    json.key("min_coverage").number(policy.min_coverage);
    json.key("min_labelled").integer(integer(policy.min_labelled));
    json.key("min_positives").integer(integer(policy.min_positives));
    json.key("threshold");
    policy.threshold ? json.number(*policy.threshold) : json.null();
  });
  return out;
}

}  // namespace bascule
