// Outputs as JSON: one way to write a scored row, for answers and for the log.
#pragma once

#include <cstddef>
#include <string>

#include "base/json_writer.h"
#include "package/manifest.h"
#include "serving/score.h"

namespace bascule {

// How many values of a row the outputs in `wanted` have.
std::size_t width_of(const Manifest& manifest, OutputMask wanted) noexcept;

// Writes a label as it was in Python. An integer keeps every digit, which RFC 8785 would not.
void write_label(JsonWriter& json, const Label& label);

// Writes the value of one output for one row: a number, a list for a width above 1, a label as the
// label it was in Python.
void write_output(JsonWriter& json, const Output& output, const ScoredOutput& scored,
                  std::size_t row);

// {"predict_proba":[0.07,0.93],"predict":1}, of the outputs in `wanted`.
void write_outputs(JsonWriter& json, const Manifest& manifest, const Scored& scored,
                   OutputMask wanted, std::size_t row);

}  // namespace bascule
