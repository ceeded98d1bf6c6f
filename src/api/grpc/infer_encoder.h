// A scored batch as inference.ModelInferResponse.
//
// In the form of the request: raw bytes for a client that sent raw bytes, typed contents else.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "serving/answer.h"

namespace bascule {

// Appends the message to `out`. All rows are good; `outputs` are positions in the manifest.
void encode_infer(std::string& out, const LiveSet& set, std::size_t rows, const Answer& answer,
                  std::span<const std::size_t> outputs, const std::optional<std::string>& id,
                  bool raw);

// A streamed answer: inference.ModelStreamInferResponse around what `encode_infer` writes, which
// says that it is the only one to its request.
void encode_streamed_infer(std::string& out, const LiveSet& set, std::size_t rows,
                           const Answer& answer, std::span<const std::size_t> outputs,
                           const std::optional<std::string>& id, bool raw);

}  // namespace bascule
