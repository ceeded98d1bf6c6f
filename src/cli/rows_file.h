// Rows from a file: a CSV becomes the body that the score route takes.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule::cli {

// Column name -> type name ("number", "string", "number[3]", ...).
using ColumnTypes = std::map<std::string, std::string, std::less<>>;

// The body for POST .../score. A file whose text starts with '{' is taken as such a body; else it
// is a CSV with a header: an empty cell is null, cells of string columns are texts, all others are
// written as they are when they are JSON numbers or booleans. Columns named "key" and "entity"
// that the model does not know go into the envelope.
Result<std::string> rows_body(std::string_view file_text, const ColumnTypes& types);

}  // namespace bascule::cli
