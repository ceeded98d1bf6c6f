// The binary tensor extension of the Open Inference Protocol: tensors as bytes behind the JSON.
//
// Numbers are little endian, BOOL is one byte, and a BYTES element is its length in four bytes and
// then itself. There is no null: NaN is a missing number, where the column may be missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/oip_types.h"
#include "base/result.h"
#include "serving/row_batch.h"
#include "serving/score.h"

namespace bascule {

// A tensor whose shape and datatype fit its columns already.
struct BinaryTensor {
  std::string_view name;
  OipType type = OipType::kFp64;
  std::size_t width = 1;  // values of one row
  std::string_view bytes;
  std::span<const std::uint32_t> columns;  // one for each value of a row, or one matrix
};

// Fills the batch. A value that does not fit its column makes its row bad; bytes that are not what
// the shape says are an error.
Status read_binary(const BinaryTensor& tensor, RowBatch& batch);

// Appends the cells of an output, in its datatype.
void append_binary(std::string& out, const Output& output, const ScoredOutput& scored,
                   std::size_t cells);

}  // namespace bascule
