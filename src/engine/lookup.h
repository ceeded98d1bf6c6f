// What lookup_string, lookup_number and lookup_integer share: what a missing value and an unknown
// one become.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/limits.h"
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

// Where each of the categories stands, for numbers of one type without NaN.
template <typename Number>
class SortedCategories {
 public:
  SortedCategories() = default;
  // `values` in the order of their codes; equal ones, and too many, are an error.
  static Result<SortedCategories> load(const OpSpec& spec, const std::vector<Number>& values) {
    if (values.size() > limits::kWidth) {
      return spec.error("tensor 'categories' has {} elements, expected at most {}", values.size(),
                        limits::kWidth);
    }
    SortedCategories made;
    made.sorted_.reserve(values.size());
    for (const Number value : values) {
      made.sorted_.push_back({value, static_cast<std::int64_t>(made.sorted_.size())});
    }
    std::ranges::sort(made.sorted_, {}, &Category::value);
    const auto twice = std::ranges::adjacent_find(made.sorted_, {}, &Category::value);
    if (twice != made.sorted_.end()) {
      return spec.error("tensor 'categories' has {} twice", twice->value);
    }
    return made;
  }

  // The code of row `row`, whose value is not missing.
  std::int64_t code(Number value, const LookupRules& rules, std::size_t row,
                    RowErrors& refused) const noexcept {
    const auto found = std::ranges::lower_bound(sorted_, value, {}, &Category::value);
    const bool known = found != sorted_.end() && found->value == value;
    return known ? found->code : rules.of_unknown(row, refused);
  }

 private:
  struct Category {
    Number value;
    std::int64_t code;
  };
  std::vector<Category> sorted_;
};

}  // namespace bascule
