// Golden rows: rows in the package with the scores that Python gave, as views.
//
// docs/package-format.md, "Golden rows", is the contract of the tensors; the reader has checked
// their types and shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/plan.h"
#include "engine/view.h"

namespace bascule {

class GoldenRows {
 public:
  // Borrows from the plan's package. kInvalid where a missing number is not NaN.
  static Result<GoldenRows> load(const Plan& plan);

  std::size_t rows() const noexcept { return rows_; }
  // Views of all input columns from row `first` on, for Plan::run; valid until the next call.
  std::span<const View> block(std::size_t first);
  // Python refuses this row.
  bool refused(std::size_t row) const noexcept { return !refused_.empty() && refused_[row] != 0; }

  // What Python gave for one output, and how far the engine may be from it. Spans that the package
  // leaves out are empty.
  struct Expected {
    std::span<const double> numbers;         // [rows, width] of a number output
    std::span<const std::int64_t> integers;  // [rows, width] of a label or integer output
    std::span<const double> bound_here;      // [rows, width]
    std::span<const double> bound_anywhere;
    std::span<const std::uint8_t> tie;  // [rows], 1: the bound allows two labels
  };
  const Expected& expected(std::size_t output) const noexcept { return expected_[output]; }

 private:
  struct Column {
    ValueType type;
    const std::byte* cells = nullptr;     // of dense types
    std::span<const std::uint8_t> valid;  // [rows] or empty
    std::vector<std::string_view> strings;
    std::vector<std::uint32_t> starts;  // [rows + 1] into `strings`, of tokens
  };
  static Result<Column> load_column(const Package& package, const std::string& name,
                                    ValueType type);
  static Result<std::vector<std::uint32_t>> read_starts(const Package& package,
                                                        const std::string& name);
  static Expected load_expected(const Package& package, std::size_t output);

  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  std::vector<View> views_;
  std::span<const std::uint8_t> refused_;
  std::vector<Expected> expected_;
};

}  // namespace bascule
