// Folding: what is done to codes alone is done once, when a plan is loaded.
#pragma once

#include <memory>
#include <span>

#include "engine/op.h"
#include "engine/parts.h"

namespace bascule {

// Of a value, whether it is a column of codes few enough to do something to each.
bool are_few_codes(const ValueType& type) noexcept;

// The table by which the codes that go into a chain of operators find the cells that `table` has
// for the codes that come out of it. Runs the chain on every code; null when one is refused, or
// when -1 and a missing code come to different cells.
//   types  of the codes that go in, which are few, and of what each operator gives: f64 or i64 of
//          one column, the last of them codes
std::shared_ptr<const CodeTable> folded(const CodeTable& table, std::span<const Op* const> chain,
                                        std::span<const ValueType> types);

}  // namespace bascule
