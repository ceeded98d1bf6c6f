// What an output is as bytes: the binary tensor extension of the Open Inference Protocol, and
// gRPC's raw_output_contents.
//
// Numbers are little endian, BOOL is one byte, and a BYTES element is its length in four bytes and
// then itself. oip_cells.h reads inputs of that form.
#pragma once

#include <cstddef>
#include <string>

#include "serving/score.h"

namespace bascule {

// A text label as it is; any other as its JSON.
std::string label_text(const Label& label);

// Appends the cells of an output, in its datatype.
void append_binary(std::string& out, const Output& output, const ScoredOutput& scored,
                   std::size_t cells);

}  // namespace bascule
