#include "engine/trees/ensemble.h"

#include <array>
#include <limits>

#include "base/limits.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 2> kFloatTypes = {"float32", "float64"};

Result<bool> is_float32(OpSpec& spec, std::string_view attribute) {
  BASCULE_TRY(const auto choice, spec.choice(attribute, kFloatTypes));
  return choice == 0;
}

Status read_leaves(OpSpec& spec, std::size_t leaves, Ensemble& ensemble) {
  if (spec.has_tensor("output")) {
    const auto last = static_cast<std::int64_t>(ensemble.outputs) - 1;
    BASCULE_TRY(const auto outputs, spec.integers("output", ensemble.trees(), 0, last));
    ensemble.tree_output.assign(outputs.begin(), outputs.end());
  }
  BASCULE_TRY(ensemble.leaf, spec.any_matrix("leaf", leaves, ensemble.leaf_width()));
  return {};
}

// Leaves that are linear models, where `terms` says so.
Status read_linear_leaves(OpSpec& spec, std::size_t leaves, Ensemble& ensemble) {
  if (!spec.has_tensor("terms")) {
    return {};
  }
  if (ensemble.tree_output.empty() && ensemble.outputs != 1) {
    return spec.error("has linear leaves of {} columns, expected one", ensemble.outputs);
  }
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  BASCULE_TRY(const auto counts, spec.integers("terms", leaves, 0, kMost));
  LinearLeaves& linear = ensemble.linear;
  linear.start.reserve(leaves + 1);
  std::int64_t total = 0;  // a count is below 2^31, and so is the count of leaves: no overflow
  linear.start.push_back(0);
  for (const auto count : counts) {
    total += count;
    if (total > kMost) {
      return spec.error("its leaves have more than {} terms", kMost);
    }
    linear.start.push_back(static_cast<std::uint32_t>(total));
  }
  const auto terms = static_cast<std::size_t>(total);
  const auto last = static_cast<std::int64_t>(ensemble.features) - 1;
  BASCULE_TRY(const auto columns, spec.integers("term_column", terms, 0, last));
  linear.column.assign(columns.begin(), columns.end());
  BASCULE_TRY(linear.weight, spec.floats("term_weight", terms));
  BASCULE_TRY(linear.constant, spec.floats("constant", leaves));
  return {};
}

// What reason codes need, and scores do not.
Status check_notes(OpSpec& spec, std::size_t nodes) {
  for (const std::string_view role : {"cover", "id"}) {
    if (spec.has_tensor(role)) {
      BASCULE_CHECK_OK(spec.numbers(role, nodes));
    }
  }
  return {};
}
}  // namespace

Result<bool> has_float32_input(OpSpec& spec) {
  return is_float32(spec, "input");
}

Result<Ensemble> Ensemble::load(OpSpec& spec, std::size_t features) {
  Ensemble ensemble;
  ensemble.features = features;
  BASCULE_TRY(const auto outputs,
              spec.integer("outputs", 1, static_cast<std::int64_t>(limits::kDenseWidth)));
  ensemble.outputs = static_cast<std::size_t>(outputs);
  BASCULE_TRY(ensemble.float32_input, has_float32_input(spec));
  BASCULE_TRY(ensemble.float32_sum, is_float32(spec, "sum"));
  if (spec.has("divide_by")) {
    BASCULE_TRY(ensemble.divide_by, spec.number("divide_by"));
    if (ensemble.divide_by == 0) {
      return spec.error("attribute 'divide_by' is 0");
    }
  }
  if (spec.inputs().size() < 2) {
    BASCULE_TRY(ensemble.base, spec.floats("base", ensemble.outputs));
  }
  BASCULE_TRY(ensemble.splits, Splits::load(spec, features));
  const std::size_t leaves = ensemble.splits->leaves();
  BASCULE_CHECK_OK(read_leaves(spec, leaves, ensemble));
  BASCULE_CHECK_OK(read_linear_leaves(spec, leaves, ensemble));
  BASCULE_CHECK_OK(check_notes(spec, ensemble.splits->nodes()));
  return ensemble;
}

}  // namespace bascule
