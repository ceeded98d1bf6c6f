#include "api/json_cells.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/limits.h"

namespace bascule::json {
namespace {

// Marks a cell bad for a value that its column does not take.
void mark_cell(RowBatch& batch, std::size_t row, std::size_t column, std::string_view code,
               std::string got, std::string message) {
  batch.mark_bad_cell(row, column,
                      {.code = std::string(code),
                       .message = std::move(message),
                       .expected = expected(batch.columns()[column].type),
                       .got = std::move(got)});
}

// Marks the row for a number that was not read as one. kFine is not for here.
Status refuse_number(Body& body, Number problem, Value& value, RowBatch& batch, std::size_t row,
                     std::size_t column, std::size_t depth) {
  const Column& wanted = batch.columns()[column];
  switch (problem) {
    case Number::kBroken:
      return body.broken(simdjson::NUMBER_ERROR);
    case Number::kTooLarge: {
      std::string got = describe(value);
      auto message = fmt::format("column '{}': {} is out of the range of {}", wanted.name, got,
                                 expected(wanted.type));
      mark_cell(batch, row, column, "out_of_range", std::move(got), std::move(message));
      return {};
    }
    case Number::kNotWhole: {
      std::string got = describe(value);
      auto message = fmt::format("column '{}' must be a whole number, not {}", wanted.name, got);
      mark_cell(batch, row, column, "wrong_type", std::move(got), std::move(message));
      return {};
    }
    case Number::kFine:
    case Number::kNotANumber:
      break;
  }
  mark_wrong_type(value, batch, row, column);
  return skip(body, value, depth);
}

Status read_null(Body& body, Value& value, RowBatch& batch, std::size_t row, std::size_t column) {
  bool null = false;
  const auto error = value.is_null().get(null);
  if (error || !null) {
    return body.broken(error ? error : simdjson::N_ATOM_ERROR);
  }
  const Column& wanted = batch.columns()[column];
  if (wanted.nullable) {
    batch.set_null(row, column);
  } else {
    mark_cell(batch, row, column, "null", "null",
              fmt::format("column '{}' is null; the model was fitted without missing values there",
                          wanted.name));
  }
  return {};
}

Status mark_too_long(RowBatch& batch, std::size_t row, std::size_t column, std::size_t bytes) {
  mark_cell(batch, row, column, "too_long", fmt::format("{} bytes", bytes),
            fmt::format("column '{}' has {} bytes; at most {} are taken",
                        batch.columns()[column].name, bytes, limits::kStringBytes));
  return {};
}

Status read_string(Body& body, Value& value, RowBatch& batch, std::size_t row, std::size_t column) {
  std::string_view text;
  if (const auto error = value.get_string().get(text)) {
    return body.broken(error);
  }
  if (text.size() <= limits::kStringBytes) {
    batch.set_string(row, column, text);
    return {};
  }
  return mark_too_long(batch, row, column, text.size());
}

// A list of texts; each counts a byte more than it has, so that empty ones are bounded too.
Status read_tokens(Body& body, Value& value, RowBatch& batch, std::size_t row, std::size_t column,
                   std::size_t depth) {
  std::size_t bytes = 0;
  BASCULE_CHECK_OK(for_each_element(body, value, [&](Value& inner) -> Status {
    Type type{};
    if (const auto error = inner.type().get(type)) {
      return body.broken(error);
    }
    if (type != Type::string) {
      mark_wrong_type(inner, batch, row, column);
      return skip(body, inner, depth + 1);
    }
    std::string_view token;
    if (const auto error = inner.get_string().get(token)) {
      return body.broken(error);
    }
    bytes += token.size() + limits::kTokenBytes;
    if (bytes <= limits::kStringBytes) {
      batch.add_token(column, token);
    }
    return {};
  }));
  batch.end_tokens(row, column);
  return bytes <= limits::kStringBytes ? Status() : mark_too_long(batch, row, column, bytes);
}

Status read_boolean(Body& body, Value& value, RowBatch& batch, std::size_t row,
                    std::size_t column) {
  bool truth = false;
  if (const auto error = value.get_bool().get(truth)) {
    return body.broken(error);
  }
  batch.set_boolean(row, column, truth);
  return {};
}

Status read_matrix(Body& body, Value& value, RowBatch& batch, std::size_t row, std::size_t column,
                   std::size_t depth) {
  const Column& wanted = batch.columns()[column];
  double* out = batch.set_matrix(row, column);
  std::size_t count = 0;
  BASCULE_CHECK_OK(for_each_element(body, value, [&](Value& inner) -> Status {
    double number = 0;
    BASCULE_CHECK_OK(read_element(body, inner, batch, row, column, depth + 1, number));
    if (count < wanted.type.width) {
      out[count] = number;
    }
    ++count;
    return {};
  }));
  if (count != wanted.type.width) {
    mark_cell(batch, row, column, "wrong_type", fmt::format("a list of {}", count),
              fmt::format("column '{}' must be {}, not of {}", wanted.name, expected(wanted.type),
                          count));
  }
  return {};
}

// {"indices": [2, 7], "values": [0.5, 1]}: the cells of a number[k] that are not zero, in any
// order.
class SparseCell {
 public:
  SparseCell(Body& body, RowBatch& batch, std::size_t row, std::size_t column, std::size_t depth)
      : body_(body), batch_(batch), row_(row), column_(column), depth_(depth) {}

  Status read(Value& value) {
    BASCULE_CHECK_OK(for_each_field(body_, value, [&](Field& field) -> Status {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) {
        return body_.broken(error);
      }
      return read_field(key, field.value());
    }));
    if (problem_.empty() && !(seen_indices_ && seen_values_)) {
      problem_ = "an object without 'indices' and 'values'";
    }
    if (problem_.empty() && indices_.size() != values_.size()) {
      problem_ = fmt::format("{} indices with {} values", indices_.size(), values_.size());
    }
    if (problem_.empty()) {
      fill();
    }
    if (!problem_.empty()) {
      const Column& wanted = batch_.columns()[column_];
      auto message = fmt::format("column '{}' must be {}, not {}", wanted.name,
                                 expected(wanted.type), problem_);
      mark_cell(batch_, row_, column_, "wrong_type", std::move(problem_), std::move(message));
    }
    return {};
  }

 private:
  std::size_t width() const { return batch_.columns()[column_].type.width; }

  Status read_field(std::string_view key, Value value) {
    const bool indices = key == "indices";
    bool& seen = indices ? seen_indices_ : seen_values_;
    if (!indices && key != "values") {
      problem_ = fmt::format("an object with the key '{}'", shortened(key));
      return skip(body_, value, depth_ + 1);
    }
    if (seen) {
      problem_ = fmt::format("an object with the key '{}' twice", key);
      return skip(body_, value, depth_ + 1);
    }
    seen = true;
    Type type{};
    if (const auto error = value.type().get(type)) {
      return body_.broken(error);
    }
    if (type != Type::array) {
      problem_ = fmt::format("an object whose '{}' is no list", key);
      return skip(body_, value, depth_ + 1);
    }
    return for_each_element(body_, value, [&](Value& inner) {
      return indices ? read_index(inner) : read_value(inner);
    });
  }

  Status read_index(Value& value) {
    std::int64_t index = -1;
    const Number read = read_int64(value, index);
    if (read == Number::kBroken) {
      return body_.broken(simdjson::NUMBER_ERROR);
    }
    if (read != Number::kFine || index < 0 || index >= static_cast<std::int64_t>(width())) {
      problem_ = fmt::format("one with an index that is no whole number from 0 to {}", width() - 1);
    } else if (indices_.size() <= width()) {
      indices_.push_back(static_cast<std::size_t>(index));
    }
    return read == Number::kNotANumber ? skip(body_, value, depth_ + 2) : Status();
  }

  Status read_value(Value& value) {
    double number = 0;
    BASCULE_CHECK_OK(read_element(body_, value, batch_, row_, column_, depth_ + 2, number));
    if (values_.size() <= width()) {
      values_.push_back(number);
    }
    return {};
  }

  void fill() {
    double* out = batch_.set_matrix(row_, column_);
    std::fill_n(out, width(), 0.0);
    std::vector<bool> filled(width());
    for (std::size_t i = 0; i < indices_.size(); ++i) {
      if (filled[indices_[i]]) {
        problem_ = fmt::format("one with the index {} twice", indices_[i]);
        return;
      }
      filled[indices_[i]] = true;
      out[indices_[i]] = values_[i];
    }
  }

  Body& body_;
  RowBatch& batch_;
  const std::size_t row_, column_, depth_;
  bool seen_indices_ = false;
  bool seen_values_ = false;
  std::vector<std::size_t> indices_;
  std::vector<double> values_;
  std::string problem_;  // the last one; empty: none
};

Status read_number(Body& body, Value& value, RowBatch& batch, std::size_t row, std::size_t column,
                   std::size_t depth) {
  if (batch.columns()[column].type.kind == ColumnKind::kInteger) {
    std::int64_t integer = 0;
    const Number read = read_int64(value, integer);
    if (read != Number::kFine) {
      return refuse_number(body, read, value, batch, row, column, depth);
    }
    batch.set_integer(row, column, integer);
    return {};
  }
  double number = 0;
  const Number read = read_double(value, number);
  if (read != Number::kFine) {
    return refuse_number(body, read, value, batch, row, column, depth);
  }
  if (batch.columns()[column].type.kind == ColumnKind::kNumber) {
    batch.set_number(row, column, number);
    return {};
  }
  const auto single = static_cast<float>(number);
  if (!std::isfinite(single)) {
    return refuse_number(body, Number::kTooLarge, value, batch, row, column, depth);
  }
  batch.set_number32(row, column, single);
  return {};
}

}  // namespace

std::string expected(ColumnType type) {
  switch (type.kind) {
    case ColumnKind::kNumber:
      return "a number";
    case ColumnKind::kNumber32:
      return "a float32 number";
    case ColumnKind::kInteger:
      return "a whole number of 64 bits";
    case ColumnKind::kBoolean:
      return "true or false";
    case ColumnKind::kString:
      return "a text";
    case ColumnKind::kMatrix:
      return fmt::format("a list of {} numbers", type.width);
    case ColumnKind::kTokens:
      return "a list of texts";
    case ColumnKind::kDatetime:
    case ColumnKind::kSparse:
    case ColumnKind::kDict:
      break;
  }
  return fmt::format("of type {}", column_type_name(type));
}

void mark_wrong_type(Value& value, RowBatch& batch, std::size_t row, std::size_t column) {
  const Column& wanted = batch.columns()[column];
  std::string got = describe(value);
  auto message =
      fmt::format("column '{}' must be {}, not {}", wanted.name, expected(wanted.type), got);
  mark_cell(batch, row, column, "wrong_type", std::move(got), std::move(message));
}

Status read_element(Body& body, Value value, RowBatch& batch, std::size_t row, std::size_t column,
                    std::size_t depth, double& out) {
  const Number read = read_double(value, out);
  if (read == Number::kFine) {
    return {};
  }
  Type type{};
  if (read == Number::kNotANumber && !value.type().get(type) && type == Type::null &&
      batch.columns()[column].nullable) {
    out = std::numeric_limits<double>::quiet_NaN();
    return skip(body, value, depth);
  }
  return refuse_number(body, read, value, batch, row, column, depth);
}

Status read_cell(Body& body, Value value, RowBatch& batch, std::size_t row, std::size_t column,
                 std::size_t depth) {
  Type type{};
  if (const auto error = value.type().get(type)) {
    return body.broken(error);
  }
  if (type == Type::null) {
    return read_null(body, value, batch, row, column);
  }
  switch (batch.columns()[column].type.kind) {
    case ColumnKind::kNumber:
    case ColumnKind::kNumber32:
    case ColumnKind::kInteger:
      return read_number(body, value, batch, row, column, depth);
    case ColumnKind::kString:
      if (type == Type::string) {
        return read_string(body, value, batch, row, column);
      }
      break;
    case ColumnKind::kBoolean:
      if (type == Type::boolean) {
        return read_boolean(body, value, batch, row, column);
      }
      break;
    case ColumnKind::kMatrix:
      if (type == Type::array) {
        return read_matrix(body, value, batch, row, column, depth);
      }
      if (type == Type::object) {
        return SparseCell(body, batch, row, column, depth).read(value);
      }
      break;
    case ColumnKind::kTokens:
      if (type == Type::array) {
        return read_tokens(body, value, batch, row, column, depth);
      }
      break;
    case ColumnKind::kDatetime:
    case ColumnKind::kSparse:
    case ColumnKind::kDict: {
      const Column& wanted = batch.columns()[column];
      mark_cell(batch, row, column, "unsupported", describe(value),
                fmt::format("column '{}' is {}, which JSON rows cannot carry in this version of "
                            "the service",
                            wanted.name, expected(wanted.type)));
      return skip(body, value, depth);
    }
  }
  mark_wrong_type(value, batch, row, column);
  return skip(body, value, depth);
}

}  // namespace bascule::json
