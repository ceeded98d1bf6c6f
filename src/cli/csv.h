// A CSV reader for rows files: RFC 4180 with a header line, nothing more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::cli {

struct Csv {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as long as the header
};

// kInvalid names the line. With `header` false the columns have no names and any width is taken
// from the first row.
Result<Csv> parse_csv(std::string_view text, bool header = true);

}  // namespace bascule::cli
