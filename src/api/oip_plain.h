// The form that nearly all Open Inference requests in JSON have, read in one pass.
//
// Tensors of numbers and texts, each with its data behind what describes them, and perhaps an id;
// texts in ASCII, without escapes. A request that is anything else in any way, down to a fault, is
// left to the decoder of oip_decoder.cc, which reads it from its beginning: both give the same.
#pragma once

#include <optional>
#include <string_view>

#include "api/oip_decoder.h"

namespace bascule {

// Nothing when the request has another form. `body` is followed by kBodyPadding readable bytes, the
// first of them no digit.
std::optional<OipRequest> read_plain_oip(std::string_view body, const LiveSet& set,
                                         const LiveTag& tag);

}  // namespace bascule
