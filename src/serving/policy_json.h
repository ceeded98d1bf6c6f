// A policy from its JSON: the registry keeps text, evaluate computes, this reads.
#pragma once

#include <string_view>

#include "base/result.h"
#include "evaluate/policy.h"

namespace bascule {

// Members that are absent have their default; an unknown one, a wrong type, and a policy that
// cannot fail are kInvalid.
Result<Policy> read_policy(std::string_view json);

}  // namespace bascule
