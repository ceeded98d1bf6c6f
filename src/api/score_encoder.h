// Answers of the two JSON faces: what a scored batch looks like on the wire.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/handler.h"
#include "base/result.h"
#include "serving/answer.h"

namespace bascule {

// The rows face: 200, or 422 when every row is bad. `single`: one row, answered without a list.
void encode_rows(HttpResponse& response, const LiveSet& set, const RowBatch& batch,
                 const Answer& answer, OutputMask wanted, bool single);

// Which outputs an OIP request gets, as positions in the manifest and in the order of the answer.
// kInvalid names an output that there is not.
Result<std::vector<std::size_t>> oip_outputs(const Plan& plan, std::span<const std::string> names);
OutputMask mask_of(std::span<const std::size_t> outputs) noexcept;

// The OIP face: all rows are good.
void encode_oip(HttpResponse& response, const LiveSet& set, std::size_t rows, const Answer& answer,
                std::span<const std::size_t> outputs, const std::optional<std::string>& id);

}  // namespace bascule
