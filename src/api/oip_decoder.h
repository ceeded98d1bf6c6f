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
  std::vector<bool> binary_outputs;  // of `outputs`: sent as bytes behind the JSON
  bool all_binary = false;           // the default outputs, too
};

// `body` is followed by kBodyPadding readable bytes. Columns are those of `tag`'s version. `binary`
// is what follows the JSON: the bytes of the tensors that say so, in their order.
Result<OipRequest> decode_oip(JsonParser& parser, std::string_view body, const LiveSet& set,
                              const LiveTag& tag, std::string_view binary = {});

}  // namespace bascule
