// The rows face, inbound: a JSON body into a batch of columns.
//
// Rows are decoded by the union of the columns that the live versions know. A row's own problem
// marks that row, with all that is wrong with it, and leaves its neighbours alone. A body
// that is not what the interface asks for is an error as a whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/json_parser.h"
#include "base/result.h"
#include "serving/live.h"
#include "serving/row_batch.h"

namespace bascule {

struct RowsRequest {
  RowBatch batch;
  std::vector<std::string> outputs;  // empty: the ones that the model gives by default
  bool single = false;               // one envelope alone: the answer has the same form
};

// `body` is followed by kBodyPadding readable bytes. kInvalid for broken JSON, unknown or repeated
// keys and a wrong structure; kTooLarge beyond limits::kHttpRows.
Result<RowsRequest> decode_rows(JsonParser& parser, std::string_view body, const LiveSet& set);
// The same, and rows that come as {"columns": {...}}; `tag` is the one that will score them.
Result<RowsRequest> decode_rows(JsonParser& parser, std::string_view body, const LiveSet& set,
                                const LiveTag& tag);

}  // namespace bascule
