#include "cli/rows_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json_writer.h"
#include "cli/csv.h"

namespace bascule::cli {
namespace {

bool is_number(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

// A JSON number must not start with "+", "." or a needless zero; the double's own text never does.
void write_number(JsonWriter& json, std::string_view text) {
  const bool plain = text.find_first_not_of("-0123456789") == std::string_view::npos;
  const bool leading_zero = text.size() > 1 && text[0] == '0';
  if (plain && !leading_zero) {
    json.raw(text);
    return;
  }
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  json.number(value);
}

void write_cell(JsonWriter& json, std::string_view cell, std::string_view type) {
  std::string lower(cell);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (cell.empty()) {
    json.null();
  } else if (type == "string" || type.empty()) {
    json.string(cell);
  } else if (lower == "true" || lower == "false") {
    json.boolean(lower == "true");
  } else if (type.starts_with("number[") || type == "tokens") {
    json.raw(cell);
  } else if (is_number(cell)) {
    write_number(json, cell);
  } else {
    json.string(cell);  // the server says what it expected
  }
}

}  // namespace

Result<std::string> rows_body(std::string_view file_text, const ColumnTypes& types) {
  const auto start = file_text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && file_text[start] == '{') {
    return std::string(file_text);
  }
  BASCULE_TRY(const auto csv, parse_csv(file_text));
  const auto in_envelope = [&](const std::string& name) {
    return (name == "key" || name == "entity") && !types.contains(name);
  };
  std::string body;
  JsonWriter json(body);
  json.object([&] {
    json.key("rows").array([&] {
      for (const auto& row : csv.rows) {
        json.begin_object();
        json.key("row").begin_object();
        for (std::size_t i = 0; i < row.size(); ++i) {
          if (in_envelope(csv.header[i])) {
            continue;
          }
          const auto type = types.find(csv.header[i]);
          json.key(csv.header[i]);
          write_cell(json, row[i], type == types.end() ? std::string_view() : type->second);
        }
        json.end_object();
        for (std::size_t i = 0; i < row.size(); ++i) {
          if (in_envelope(csv.header[i])) {
            json.key(csv.header[i]).string(row[i]);
          }
        }
        json.end_object();
      }
    });
  });
  return body;
}

}  // namespace bascule::cli
