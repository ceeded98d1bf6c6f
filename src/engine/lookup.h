// What lookup_string, lookup_number and lookup_integer share: what a missing value and an unknown
// one become.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"

namespace bascule {

struct LookupRules {
  std::int64_t missing = -1;  // the code of a missing value
  bool refuse_unknown = false;
  bool refuse_missing = false;
  std::int32_t column = -1;  // the input column, for messages

  // Reads the attributes and declares the output: codes from -1 to the last category's or to
  // `missing`, whichever is greater.
  static Result<LookupRules> load(OpSpec& spec, std::size_t categories);

  // The code of row `row`.
  std::int64_t of_missing(std::size_t row, RowErrors& refused) const noexcept {
    if (refuse_missing) {
      refused.mark(row, RowCode::kMissing, column);
    }
    return missing;
  }
  std::int64_t of_unknown(std::size_t row, RowErrors& refused) const noexcept {
    if (refuse_unknown) {
      refused.mark(row, RowCode::kUnknownCategory, column);
    }
    return -1;
  }
};

}  // namespace bascule
