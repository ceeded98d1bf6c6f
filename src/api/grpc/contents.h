// inference.InferTensorContents: a tensor's values, typed.
#pragma once

#include <string_view>

#include "api/oip_cells.h"
#include "base/result.h"

namespace bascule {

// Reads the message into the cells. Values of another type than the tensor's, or more or fewer of
// them, are an error.
Status read_contents(std::string_view message, const OipCells& cells);

}  // namespace bascule
