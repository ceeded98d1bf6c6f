// The Open Inference Protocol, inbound: tensors into a batch of columns.
//
// One tensor per column, or one matrix over all of them in the order of the metadata. Numbers mean
// what they mean in the rows face, so both give the same bits; a tensor that says FP32 holds
// float32 values. The protocol has no form for a bad row: see bad_rows_error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_parser.h"
#include "base/result.h"
#include "serving/live.h"
#include "serving/row_batch.h"

namespace bascule {

struct OipRequest {
  RowBatch batch;
  std::optional<std::string> id;
  std::vector<std::string> outputs;  // in the order asked for; empty: the default ones
};

// `body` is followed by kBodyPadding readable bytes. Columns are those of `tag`'s version.
Result<OipRequest> decode_oip(JsonParser& parser, std::string_view body, const LiveSet& set,
                              const LiveTag& tag);

// One error that names the bad rows of a batch, the first ones by their message.
Error bad_rows_error(const RowBatch& batch);

}  // namespace bascule
