// Codes: what a lookup gives and one_hot and take read, an int64 per row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/op_spec.h"
#include "engine/view.h"

namespace bascule {

// How many codes input 0 can give, counted from 0; OpSpec::kAny when that is not known.
inline std::size_t code_count(const OpSpec& spec) {
  const auto high = spec.inputs()[0].high;
  if (high == std::numeric_limits<std::int64_t>::max()) {
    return OpSpec::kAny;
  }
  return static_cast<std::size_t>(high + 1);
}

// The position of a row's code in a table of `count` elements; `count` when there is none: for -1,
// a missing value, or a code of an input column that the table does not have.
inline std::size_t table_position(const View& codes, std::size_t row, std::size_t count) noexcept {
  const auto code = static_cast<std::uint64_t>(codes.i64()[row]);  // -1 becomes the greatest
  return codes.is_valid(row) && code < count ? static_cast<std::size_t>(code) : count;
}

}  // namespace bascule
