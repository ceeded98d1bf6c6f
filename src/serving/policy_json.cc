#include "serving/policy_json.h"

#include "package/json.h"

namespace bascule {
namespace {

Status read_number(const Json& value, std::string_view name, double& out) {
  if (!value.number(out)) {
    return fail(Code::kInvalid, "policy: '{}' must be a number", name);
  }
  return {};
}

Status read_count(const Json& value, std::string_view name, std::uint64_t& out) {
  const std::int64_t* count = value.integer();
  if (count == nullptr || *count < 0) {
    return fail(Code::kInvalid, "policy: '{}' must be a whole number, 0 or more", name);
  }
  out = static_cast<std::uint64_t>(*count);
  return {};
}

Status read_actions(const Json& value, std::array<std::string, 2>& out) {
  const Json::Array* names = value.array();
  if (names == nullptr || names->size() != 2 || (*names)[0].string() == nullptr ||
      (*names)[1].string() == nullptr) {
    return fail(Code::kInvalid,
                "policy: 'actions' must be two texts, below the threshold and at or above it, "
                "such as [\"pass\", \"block\"]");
  }
  out = {*(*names)[0].string(), *(*names)[1].string()};
  return {};
}

Status read_member(const std::string& name, const Json& value, Policy& policy) {
  if (name == "threshold") {
    if (value.is_null()) {
      return {};
    }
    double threshold = 0;
    BASCULE_CHECK_OK(read_number(value, name, threshold));
    policy.threshold = threshold;
    return {};
  }
  if (name == "actions") {
    return read_actions(value, policy.actions);
  }
  if (name == "min_labelled") {
    return read_count(value, name, policy.min_labelled);
  }
  if (name == "min_positives") {
    return read_count(value, name, policy.min_positives);
  }
  if (name == "min_coverage") {
    return read_number(value, name, policy.min_coverage);
  }
  if (name == "max_auc_loss") {
    return read_number(value, name, policy.max_auc_loss);
  }
  if (name == "max_accuracy_loss") {
    return read_number(value, name, policy.max_accuracy_loss);
  }
  if (name == "max_rmse_increase") {
    return read_number(value, name, policy.max_rmse_increase);
  }
  return fail(Code::kInvalid,
              "policy: unknown member '{}'; known are threshold, actions, min_labelled, "
              "min_positives, min_coverage, max_auc_loss, max_accuracy_loss, max_rmse_increase",
              name);
}

}  // namespace

Result<Policy> read_policy(std::string_view json) {
  auto parsed = parse_json(json);
  if (!parsed) {
    return prefixed("policy", std::move(parsed.error()));
  }
  const Json::Object* members = parsed->object();
  if (members == nullptr) {
    return fail(Code::kInvalid, "policy: must be a JSON object");
  }
  Policy policy;
  for (const auto& [name, value] : *members) {
    BASCULE_CHECK_OK(read_member(name, value, policy));
  }
  BASCULE_CHECK_OK(validate(policy));
  return policy;
}

}  // namespace bascule
