// Other people's ways of sending rows, rewritten as the rows face reads them.
//
// MLflow (dataframe_split, dataframe_records, instances, inputs), Vertex and KServe v1 (instances),
// SageMaker (those, and CSV) and the rows face's own columns differ in form only. The rewritten
// text goes through the same decoder, so that values, limits and errors mean the same everywhere.
#pragma once

#include <string>
#include <string_view>

#include "api/json_parser.h"
#include "base/result.h"
#include "serving/live.h"

namespace bascule {

// A body of the rows face, followed by kBodyPadding readable bytes.
struct RowsText {
  std::string padded;
  std::string_view text() const noexcept;
};

// Rows without names are in the order of the inputs of `tag`'s version. `body` is followed by
// kBodyPadding readable bytes.
Result<RowsText> rows_of_json(JsonParser& parser, std::string_view body, const LiveTag& tag);

// RFC 4180. A first line with the name of a column is a header; without one, fields are in the
// order of the inputs. An empty field is null.
Result<RowsText> rows_of_csv(std::string_view body, const LiveSet& set, const LiveTag& tag);

}  // namespace bascule
