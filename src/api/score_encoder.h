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

// The same as CSV with a header: event_id, score, the outputs, error.
void encode_rows_csv(HttpResponse& response, const RowBatch& batch, const Answer& answer,
                     OutputMask wanted);

// The adapters' {"predictions": [...]}: the output's value for each row, or an object of them when
// there are several. As CSV: a line for each row, without a header. All rows are good.
void encode_predictions(HttpResponse& response, const RowBatch& batch, const Answer& answer,
                        OutputMask wanted, bool csv);

// For faces that have no form for a bad row: one error that names them, the first by their message.
Error bad_rows_error(const RowBatch& batch);

// Which outputs an OIP request gets, as positions in the manifest and in the order of the answer.
// kInvalid names an output that there is not.
Result<std::vector<std::size_t>> oip_outputs(const Plan& plan, std::span<const std::string> names);
OutputMask mask_of(std::span<const std::size_t> outputs) noexcept;

// What an OIP request asks for besides scores.
struct OipAnswer {
  std::vector<std::size_t> outputs;  // see oip_outputs
  std::vector<bool> binary;          // of `outputs`: as bytes behind the JSON; empty: none
  std::optional<std::string> id;

  bool is_binary(std::size_t i) const noexcept { return !binary.empty() && binary[i]; }
};

// The OIP face: all rows are good.
void encode_oip(HttpResponse& response, const LiveSet& set, std::size_t rows, const Answer& answer,
                const OipAnswer& asked);

}  // namespace bascule
