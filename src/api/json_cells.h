// One cell from one JSON value: what both JSON faces mean by a number, a text, a null.
//
// A value that does not fit its column makes its row bad and no more; text that is not JSON makes
// the whole body bad. For the decoders' .cc files only.
#pragma once

#include <cstddef>
#include <string>

#include "api/json_values.inc"
#include "serving/row_batch.h"

namespace bascule::json {

// Reads `value`, which stands `depth` levels deep, into the cell, or marks the row bad. The status
// is an error only when the body is broken.
Status read_cell(Body& body, Value value, RowBatch& batch, std::size_t row, std::size_t column,
                 std::size_t depth);

// One of the k numbers of a number[k] cell; null is NaN where the column is nullable.
Status read_element(Body& body, Value value, RowBatch& batch, std::size_t row, std::size_t column,
                    std::size_t depth, double& out);

// "column 'amount' must be a number, not the text "abc"", as the row's first problem.
void mark_wrong_type(Value& value, RowBatch& batch, std::size_t row, std::size_t column);

// "a number", "an integer", "a list of 30 numbers"
std::string expected(ColumnType type);

}  // namespace bascule::json
