// inference.ModelInferRequest into a batch of columns.
//
// Read in two steps, since what a tensor may be depends on the model that the message names: first
// the message's own fields, as views; then the tensors. Numbers mean what they mean in JSON, and
// NaN is the missing value that null is there.
#pragma once

#include <string_view>
#include <vector>

#include "api/oip_decoder.h"
#include "base/result.h"
#include "serving/live.h"

namespace bascule {

// Views into the message.
struct InferMessage {
  std::string_view model;
  std::string_view version;
  std::string_view id;
  std::vector<std::string_view> parameters;  // entries of the map
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> raw;  // one per input, or none
};

// kInvalid for bytes that are no such message.
Result<InferMessage> read_infer_message(std::string_view bytes);

// Columns are those of `tag`'s version.
Result<OipRequest> decode_infer(const InferMessage& message, const LiveSet& set,
                                const LiveTag& tag);

}  // namespace bascule
