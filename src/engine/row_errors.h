// Row errors: which rows of a block are refused, and why.
//
// A row that Python would refuse is marked with a code and a column; the first mark stays. Its
// neighbours are not disturbed. Operators may compute on a refused row (its cells exist) or skip
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"

namespace bascule {

enum class RowCode : std::uint8_t {
  kFine,
  kMissing,          // a value is missing where the model needs one
  kInfinite,         // infinity where Python refuses it
  kTooLarge,         // beyond float32 where Python casts to float32
  kOutOfRange,       // outside the numbers that a step takes, such as a logarithm's
  kUnknownCategory,  // a category not seen in fit, with handle_unknown="error"
  kTooLong,          // more text or more tokens than limits.h allows for a row
  kNoMemory,         // the block's scratch could not grow
};

// "missing", "infinite", ...: as it stands in answers.
std::string_view row_code_name(RowCode code) noexcept;

struct RowError {
  RowCode code = RowCode::kFine;
  std::int32_t column = -1;  // position of the input column; -1: not one column
};

// Marks of one block, at most limits::kBlockRows rows. Belongs to the calling thread.
class RowErrors {
 public:
  void reset(std::size_t rows) noexcept {
    for (std::size_t row = 0; row < rows; ++row) {
      marks_[row] = RowError{};
    }
    count_ = 0;
  }
  void mark(std::size_t row, RowCode code, std::int32_t column = -1) noexcept {
    if (marks_[row].code != RowCode::kFine) {
      return;
    }
    marks_[row] = RowError{code, column};
    ++count_;
  }
  bool refused(std::size_t row) const noexcept { return marks_[row].code != RowCode::kFine; }
  const RowError& operator[](std::size_t row) const noexcept { return marks_[row]; }
  bool any() const noexcept { return count_ > 0; }
  std::size_t count() const noexcept { return count_; }

 private:
  std::array<RowError, limits::kBlockRows> marks_{};
  std::size_t count_ = 0;
};

}  // namespace bascule
