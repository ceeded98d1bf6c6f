// Where the tensors of a request go: into which columns of one batch.
//
// A tensor fills one column, or one matrix named `x` or `input` fills them all, in the order of the
// metadata. All tensors have the same number of rows; the first one makes the batch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/oip_types.h"
#include "base/result.h"
#include "serving/live.h"
#include "serving/row_batch.h"

namespace bascule {

struct OipTensor {
  std::string name;
  OipType type = OipType::kFp64;
  std::vector<std::uint64_t> shape;  // [rows] or [rows, columns]

  std::size_t width() const noexcept {
    return shape.size() == 2 ? static_cast<std::size_t>(shape[1]) : 1;
  }
};

// Whether each value of the tensor has a column of its own that takes any number.
bool are_numbers(const RowBatch& batch, const OipTensor& tensor,
                 std::span<const std::uint32_t> columns) noexcept;

class OipColumns {
 public:
  // Columns are those of `tag`'s version; both outlive this object.
  OipColumns(const LiveSet& set, const LiveTag& tag)
      : set_(set), tag_(tag), given_(tag.columns.size()) {}

  // The columns of the batch that the tensor fills, one per column of the tensor (one for a
  // number[k]); those of the tag. The errors name the input.
  Result<std::span<const std::uint32_t>> place(const OipTensor& tensor);
  // kInvalid names the inputs that nobody gave.
  Status all_given() const;
  // Whether a tensor has been placed; from then on there is a batch.
  bool has_batch() const noexcept { return batch_.has_value(); }
  RowBatch& batch() noexcept { return *batch_; }

 private:
  Status check_rows(const OipTensor& tensor);

  const LiveSet& set_;
  const LiveTag& tag_;
  std::optional<RowBatch> batch_;
  std::vector<std::uint8_t> given_;  // per input of the version
};

}  // namespace bascule
