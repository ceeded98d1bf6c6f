#include "api/adapter.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <vector>

#include "api/json_values.inc"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

using json::Array;
using json::Body;
using json::Field;
using json::Object;
using json::Type;
using json::Value;

// Names stand once in a table and in every row of the rewritten text.
constexpr std::size_t kRowsTextBytes = 8 * limits::kHttpBodyBytes;

using Cells = std::vector<std::string_view>;  // JSON, or the fields of a line

// The rewritten body while it grows.
class Rows {
 public:
  Rows() { out_.padded = R"({"rows":[)"; }

  Status add_row(std::string_view object) {
    begin();
    out_.padded.append(object).append("}");
    return check();
  }
  Status add_row(const std::vector<std::string>& names, const Cells& cells) {
    begin();
    for (std::size_t i = 0; i < names.size(); ++i) {
      out_.padded += i == 0 ? '{' : ',';
      append_json_string(out_.padded, names[i]);
      out_.padded.append(":").append(cells[i]);
    }
    out_.padded += "}}";
    return check();
  }
  std::size_t count() const noexcept { return count_; }

  RowsText finish(std::string_view outputs) {
    out_.padded += ']';
    if (!outputs.empty()) {
      out_.padded.append(R"(,"outputs":)").append(outputs);
    }
    out_.padded += '}';
    out_.padded.append(kBodyPadding, '\0');
    return std::move(out_);
  }

 private:
  void begin() {
    out_.padded += count_++ == 0 ? "" : ",";
    out_.padded += R"({"row":)";
  }
  Status check() const {
    if (count_ > limits::kHttpRows) {
      return fail(Code::kTooLarge, "more than {} rows in one request", limits::kHttpRows);
    }
    if (out_.padded.size() > kRowsTextBytes) {
      return fail(Code::kTooLarge,
                  "the rows are too large with the names of their columns; send "
                  "fewer in one request");
    }
    return {};
  }

  RowsText out_;
  std::size_t count_ = 0;
};

std::vector<std::string> input_names(const LiveTag& tag) {
  std::vector<std::string> names;
  for (const InputColumn& input : tag.live->plan->manifest().inputs) {
    names.push_back(input.name);
  }
  return names;
}

class Rewriter {
 public:
  Rewriter(JsonParser& parser, std::string_view text, const LiveTag& tag)
      : body_(parser, text), tag_(tag) {}

  Result<RowsText> run() {
    BASCULE_TRY(auto object, body_.open());
    BASCULE_CHECK_OK(fields(
        object, [&](std::string_view key, Value value) -> Status { return top(key, value); }));
    BASCULE_CHECK_OK(body_.finish());
    if (form_.empty()) {
      return fail(Code::kInvalid,
                  "the body has none of dataframe_split, dataframe_records, "
                  "instances, inputs");
    }
    if (rows_.count() == 0) {
      return fail(Code::kInvalid, "'{}' has no rows", form_);
    }
    return rows_.finish(outputs_);
  }

 private:
  template <typename Each>
  Status fields(Object& object, Each&& each) {
    std::unordered_set<std::string_view> seen;  // the parser keeps them until the next body
    for (auto item : object) {
      Field field;
      std::string_view key;
      if (const auto error = std::move(item).get(field)) {
        return body_.broken(error);
      }
      if (const auto error = field.unescaped_key().get(key)) {
        return body_.broken(error);
      }
      if (!seen.insert(key).second) {
        return fail(Code::kInvalid, "the key '{}' stands twice", json::shortened(key));
      }
      BASCULE_CHECK_OK(each(key, field.value()));
    }
    return {};
  }
  template <typename Each>
  Status elements(Value value, std::string_view what, Each&& each) {
    Array array;
    if (value.get_array().get(array)) {
      return fail(Code::kInvalid, "{} must be a list, not {}", what, json::describe(value));
    }
    for (auto item : array) {
      Value inner;
      if (const auto error = std::move(item).get(inner)) {
        return body_.broken(error);
      }
      BASCULE_CHECK_OK(each(inner));
    }
    return {};
  }

  Status top(std::string_view key, Value value) {
    if (key == "params" || key == "parameters") {
      return parameters(value);
    }
    if (key == "outputs") {
      return raw(value, outputs_);
    }
    const bool known = key == "dataframe_split" || key == "dataframe_records" ||
                       key == "instances" || key == "inputs" || key == "columns";
    if (!known) {
      return fail(Code::kInvalid,
                  "unknown key '{}'; a body has dataframe_split, dataframe_records, instances or "
                  "inputs, and params",
                  json::shortened(key));
    }
    if (!form_.empty()) {
      return fail(Code::kInvalid, "the body has both '{}' and '{}'; send one of both", form_, key);
    }
    form_ = key;
    if (key == "dataframe_split") {
      return split(value);
    }
    Type type{};
    if (const auto error = value.type().get(type)) {
      return body_.broken(error);
    }
    if (key == "columns" || (key == "inputs" && type == Type::object)) {
      return columns(value);
    }
    return records(value);
  }

  // The outputs to give; other parameters are somebody else's business.
  Status parameters(Value value) {
    Object object;
    if (value.get_object().get(object)) {
      return fail(Code::kInvalid, "'params' must be an object, not {}", json::describe(value));
    }
    return fields(object, [&](std::string_view key, Value part) -> Status {
      if (key == "outputs") {
        return raw(part, outputs_);
      }
      return json::skip(body_, part, 3);
    });
  }

  // The value's own text; it is read when the rewritten body is.
  Status raw(Value value, std::string_view& out) {
    Type type{};
    if (const auto error = value.type().get(type)) {
      return body_.broken(error);
    }
    simdjson::error_code error = simdjson::SUCCESS;
    if (type == Type::array) {
      Array array;
      error = value.get_array().get(array);
      error = error ? error : array.raw_json().get(out);
    } else if (type == Type::object) {
      Object object;
      error = value.get_object().get(object);
      error = error ? error : object.raw_json().get(out);
    } else {
      out = value.raw_json_token();
    }
    if (error) {
      return body_.broken(error);
    }
    out = out.substr(0, out.find_last_not_of(" \t\r\n") + 1);
    return {};
  }

  // One record: an object, a list in the order of the inputs, or the value of the only input.
  Status records(Value value) {
    const auto names = input_names(tag_);
    const auto& inputs = tag_.live->plan->manifest().inputs;
    const bool is_cell = inputs.size() == 1 && inputs.front().type.kind == ColumnKind::kMatrix;
    return elements(value, fmt::format("'{}'", form_), [&](Value item) -> Status {
      Type type{};
      if (const auto error = item.type().get(type)) {
        return body_.broken(error);
      }
      std::string_view text;
      if (type == Type::object) {
        BASCULE_CHECK_OK(raw(item, text));
        return rows_.add_row(text);
      }
      Cells cells;
      if (type == Type::array && !is_cell) {
        BASCULE_CHECK_OK(list(item, cells));
      } else {
        BASCULE_CHECK_OK(raw(item, text));
        cells.push_back(text);
      }
      return add_positional(names, cells);
    });
  }

  Status list(Value value, Cells& cells) {
    return elements(value, "a row", [&](Value cell) -> Status {
      std::string_view text;
      BASCULE_CHECK_OK(raw(cell, text));
      cells.push_back(text);
      return {};
    });
  }

  Status add_positional(const std::vector<std::string>& names, const Cells& cells) {
    if (cells.size() != names.size()) {
      return fail(Code::kInvalid, "{}[{}] has {} values for {} columns: {}", form_, rows_.count(),
                  cells.size(), names.size(),
                  fmt::join(std::span(names).first(std::min<std::size_t>(names.size(), 12)), ", "));
    }
    return rows_.add_row(names, cells);
  }

  // {"columns": [...], "data": [[...], ...]}, and an index that means nothing here.
  Status split(Value value) {
    Object object;
    if (value.get_object().get(object)) {
      return fail(Code::kInvalid, "'dataframe_split' must be an object, not {}",
                  json::describe(value));
    }
    std::vector<std::string> names;
    std::size_t position = 0;
    std::optional<std::size_t> data_at;
    BASCULE_CHECK_OK(fields(object, [&](std::string_view key, Value part) -> Status {
      const std::size_t at = position++;
      if (key == "columns") {
        return texts(part, names);
      }
      if (key == "data") {
        data_at = at;
      } else if (key != "index") {
        return fail(Code::kInvalid, "dataframe_split: unknown key '{}'", json::shortened(key));
      }
      return {};
    }));
    if (!data_at) {
      return fail(Code::kInvalid, "dataframe_split has no 'data'");
    }
    if (names.empty()) {
      names = input_names(tag_);
    }
    BASCULE_TRY(const auto data, json::member(body_, object, *data_at));
    return elements(data, "dataframe_split.data", [&](Value row) -> Status {
      Cells cells;
      BASCULE_CHECK_OK(list(row, cells));
      return add_positional(names, cells);
    });
  }

  Status texts(Value value, std::vector<std::string>& out) {
    return elements(value, "dataframe_split.columns", [&](Value item) -> Status {
      std::string_view text;
      if (item.get_string().get(text)) {
        return fail(Code::kInvalid, "dataframe_split.columns must be texts, not {}",
                    json::describe(item));
      }
      out.emplace_back(text);
      return {};
    });
  }

  // {"amount": [1, 2], "country": ["DE", null]}
  Status columns(Value value) {
    Object object;
    if (value.get_object().get(object)) {
      return fail(Code::kInvalid, "'{}' must be an object of columns, not {}", form_,
                  json::describe(value));
    }
    std::vector<std::string> names;
    std::vector<Cells> columns;
    BASCULE_CHECK_OK(fields(object, [&](std::string_view key, Value part) -> Status {
      const auto what = fmt::format("{}.{}", form_, json::shortened(key));
      Cells cells;
      BASCULE_CHECK_OK(elements(part, what, [&](Value cell) -> Status {
        cells.emplace_back();
        return raw(cell, cells.back());
      }));
      if (!columns.empty() && columns.front().size() != cells.size()) {
        return fail(Code::kInvalid, "{} has {} values, and {}.{} has {}", what, cells.size(), form_,
                    names.front(), columns.front().size());
      }
      names.emplace_back(key);
      columns.push_back(std::move(cells));
      return {};
    }));
    Cells cells(columns.size());
    for (std::size_t row = 0; !columns.empty() && row < columns.front().size(); ++row) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        cells[i] = columns[i][row];
      }
      BASCULE_CHECK_OK(rows_.add_row(names, cells));
    }
    return {};
  }

  Body body_;
  const LiveTag& tag_;
  Rows rows_;
  std::string form_;          // the key that the rows came under
  std::string_view outputs_;  // JSON
};

struct CsvField {
  std::string text;
  bool quoted = false;
};

// One record of `rest`, which loses it; kInvalid for a quote that does not close.
Result<std::vector<CsvField>> next_record(std::string_view& rest) {
  std::vector<CsvField> fields(1);
  bool inside = false;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (inside) {
      if (c != '"') {
        fields.back().text += c;
      } else if (rest.starts_with('"')) {
        fields.back().text += '"';
        rest.remove_prefix(1);
      } else {
        inside = false;
      }
    } else if (c == '"' && fields.back().text.empty() && !fields.back().quoted) {
      inside = true;
      fields.back().quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      return fields;
    } else if (c != '\r') {
      fields.back().text += c;
    }
  }
  if (inside) {
    return fail(Code::kInvalid, "the CSV ends inside of a quoted field");
  }
  return fields;
}

// The JSON of a field. What is no value of the column's type stays a text, and is refused as one.
std::string csv_cell(const CsvField& field, std::optional<ColumnType> type) {
  if (field.text.empty() && !field.quoted) {
    return "null";
  }
  const auto kind = type ? type->kind : ColumnKind::kString;
  const bool is_number =
      kind == ColumnKind::kNumber || kind == ColumnKind::kNumber32 || kind == ColumnKind::kInteger;
  if (is_number && json::is_number(field.text)) {
    return field.text;
  }
  if (kind == ColumnKind::kBoolean) {
    for (const std::string_view truth : {"true", "false"}) {
      if (same_token(field.text, truth)) {
        return std::string(truth);
      }
    }
  }
  std::string out;
  append_json_string(out, field.text);
  return out;
}

}  // namespace

std::string_view RowsText::text() const noexcept {
  return std::string_view(padded).substr(0, padded.size() - kBodyPadding);
}

Result<RowsText> rows_of_json(JsonParser& parser, std::string_view body, const LiveTag& tag) {
  return Rewriter(parser, body, tag).run();
}

Result<RowsText> rows_of_csv(std::string_view body, const LiveSet& set, const LiveTag& tag) {
  if (!is_utf8(body)) {
    return fail(Code::kInvalid, "the CSV is not UTF-8");
  }
  body.remove_prefix(body.starts_with("\xef\xbb\xbf") ? 3 : 0);
  auto names = input_names(tag);
  Rows rows;
  for (bool first = true; !body.empty(); first = false) {
    BASCULE_TRY(const auto fields, next_record(body));
    if (fields.size() == 1 && fields[0].text.empty() && !fields[0].quoted && names.size() > 1) {
      continue;  // an empty line
    }
    const bool is_header = first && std::ranges::any_of(fields, [&](const CsvField& field) {
                             return set.columns->find(field.text).has_value();
                           });
    if (is_header) {
      names.clear();
      std::ranges::transform(fields, std::back_inserter(names), &CsvField::text);
      continue;
    }
    if (fields.size() != names.size()) {
      return fail(Code::kInvalid, "row {} of the CSV has {} fields for {} columns", rows.count(),
                  fields.size(), names.size());
    }
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto column = set.columns->find(names[i]);
      cells.push_back(
          csv_cell(fields[i], column ? std::optional((*set.columns)[*column].type) : std::nullopt));
    }
    BASCULE_CHECK_OK(rows.add_row(names, Cells(cells.begin(), cells.end())));
  }
  if (rows.count() == 0) {
    return fail(Code::kInvalid, "the CSV has no rows");
  }
  return rows.finish({});
}

}  // namespace bascule
