#include "engine/lookup.h"

#include <algorithm>

#include "base/limits.h"

namespace bascule {

Result<LookupRules> LookupRules::load(OpSpec& spec, std::size_t categories) {
  LookupRules rules;
  if (spec.has("missing")) {
    constexpr auto kMost = static_cast<std::int64_t>(limits::kWidth);
    BASCULE_TRY(rules.missing, spec.integer("missing", -1, kMost));
  }
  BASCULE_TRY(rules.refuse_unknown, spec.boolean("refuse_unknown", false));
  BASCULE_TRY(rules.refuse_missing, spec.boolean("refuse_missing", false));
  BASCULE_TRY(rules.column, spec.model_column("column"));
  const auto last = static_cast<std::int64_t>(categories) - 1;
  spec.output(ValueType::codes(-1, std::max(last, rules.missing)));
  return rules;
}

}  // namespace bascule
