#include "api/rows_decoder.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/adapter.h"
#include "api/envelope.h"
#include "api/json_cells.h"
#include "api/json_values.inc"
#include "base/limits.h"

namespace bascule {
namespace {

using json::Array;
using json::Body;
using json::Field;
using json::Number;
using json::Object;
using json::Type;
using json::Value;

// How deep things stand: the body's object is 1, `rows` 2, an envelope 3, a row 4, a cell 5.
constexpr std::size_t kEnvelopeDepth = 3;
constexpr std::size_t kCellDepth = 5;
// Rows that get a "did you mean": the search is not free, and the first few say it all.
constexpr std::size_t kSuggestions = 16;
constexpr std::size_t kSuggestedNameBytes = 64;

// The keys of an envelope.
enum class Part : std::uint8_t { kRow, kId, kKey, kEntity, kSegments, kAmount, kTime, kNone };
constexpr std::array<std::string_view, 7> kParts{"row",      "id",     "key", "entity",
                                                 "segments", "amount", "time"};

Part part_of(std::string_view key) noexcept {
  const auto at = std::find(kParts.begin(), kParts.end(), key);
  return static_cast<Part>(at - kParts.begin());
}

std::string_view part_name(Part part) noexcept {
  return kParts[static_cast<std::size_t>(part)];
}

class Decoder {
 public:
  Decoder(JsonParser& parser, std::string_view text, const LiveSet& set)
      : body_(parser, text), set_(set) {}

  Result<RowsRequest> decode();
  // Whether decoding gave up because the rows come column by column.
  bool has_columns() const noexcept { return has_columns_; }

 private:
  Status top_field(std::string_view key, Value value);
  Status rows(Value value);
  Status output_names(Value value);
  Status envelope(Value value, std::size_t row);
  Status part(Part part, Value value, std::size_t row, unsigned& seen);
  Status row_object(Value value, std::size_t row);
  Status row_field(Field& field, std::size_t row, std::size_t& hint);
  Status unknown_column(std::string_view name, Value value, std::size_t row);
  Status segments(Value value, std::size_t row);
  // A text or a whole number, as text.
  Status text_part(std::string_view name, std::string_view column, Value value, std::size_t row,
                   std::string& out);
  Status amount_part(std::string_view column, Value value, std::size_t row);
  Status time_part(std::string_view column, Value value, std::size_t row);
  // What the model's settings say about a column that is (also) part of the envelope.
  Part named_part(std::string_view column) const noexcept;
  Status take_part(Part part, std::string_view column, Value value, std::size_t row);
  void mark(std::size_t row, std::string_view code, std::string_view column, std::string message) {
    batch_->mark_bad(row, {std::string(code), std::string(column), std::move(message)});
  }

  Body body_;
  const LiveSet& set_;
  std::optional<RowBatch> batch_;
  std::vector<std::string> outputs_;
  bool seen_rows_ = false;
  bool seen_outputs_ = false;
  bool has_columns_ = false;
  unsigned seen_parts_ = 0;  // of a single envelope
  std::size_t suggestions_ = 0;
};

Result<bool> is_type(Body& body, Value& value, Type wanted) {
  Type type{};
  if (const auto error = value.type().get(type)) {
    return body.broken(error);
  }
  return type == wanted;
}

Result<RowsRequest> Decoder::decode() {
  BASCULE_TRY(auto object, body_.open());
  for (auto element : object) {
    Field field;
    std::string_view key;
    if (const auto error = std::move(element).get(field)) {
      return body_.broken(error);
    }
    if (const auto error = field.unescaped_key().get(key)) {
      return body_.broken(error);
    }
    BASCULE_CHECK_OK(top_field(key, field.value()));
  }
  BASCULE_CHECK_OK(body_.finish());
  const bool single = seen_parts_ != 0;
  if (single && seen_rows_) {
    return fail(Code::kInvalid,
                "the body has 'rows' and the keys of a single row; send one of both");
  }
  if (!single && !seen_rows_) {
    return fail(Code::kInvalid, R"(the body has no rows; send {{"rows":[{{"row":{{...}}}}]}})");
  }
  if (single && (seen_parts_ & 1U) == 0) {
    return fail(Code::kInvalid, "the body has no 'row'");
  }
  take_envelopes_from_columns(set_, *batch_);
  return RowsRequest{std::move(*batch_), std::move(outputs_), single};
}

Status Decoder::top_field(std::string_view key, Value value) {
  if (key == "rows") {
    if (std::exchange(seen_rows_, true)) {
      return fail(Code::kInvalid, "the key 'rows' stands twice");
    }
    if (seen_parts_ != 0) {
      return fail(Code::kInvalid,
                  "the body has 'rows' and the keys of a single row; send one of both");
    }
    return rows(value);
  }
  if (key == "outputs") {
    if (std::exchange(seen_outputs_, true)) {
      return fail(Code::kInvalid, "the key 'outputs' stands twice");
    }
    return output_names(value);
  }
  if (key == "columns") {
    has_columns_ = true;
    return fail(Code::kUnsupported, "rows column by column are not taken here");
  }
  if (key == "explain") {
    return fail(Code::kUnsupported,
                "this version of the service gives no reason codes; leave 'explain' out");
  }
  const Part what = part_of(key);
  if (what == Part::kNone) {
    return fail(Code::kInvalid, "unknown key '{}'; a body has rows and outputs, or {}",
                json::shortened(key), "row, id, key, entity, segments, amount, time and outputs");
  }
  if (!batch_) {
    batch_.emplace(set_.columns, 1);
  }
  if (seen_rows_) {
    return fail(Code::kInvalid, "the body has 'rows' and the key '{}' of a single row", key);
  }
  return part(what, value, 0, seen_parts_);
}

Status Decoder::output_names(Value value) {
  BASCULE_TRY(const bool is_array, is_type(body_, value, Type::array));
  if (!is_array) {
    return fail(Code::kInvalid, "'outputs' must be a list of names");
  }
  BASCULE_CHECK_OK(json::for_each_element(body_, value, [&](Value& name) -> Status {
    std::string_view text;
    BASCULE_TRY(const bool is_text, is_type(body_, name, Type::string));
    if (!is_text || outputs_.size() == limits::kOutputs) {
      return fail(Code::kInvalid, "'outputs' must be a list of at most {} names", limits::kOutputs);
    }
    if (const auto error = name.get_string().get(text)) {
      return body_.broken(error);
    }
    outputs_.emplace_back(text);
    return {};
  }));
  if (outputs_.empty()) {
    return fail(Code::kInvalid, "'outputs' is empty; leave it out for the default outputs");
  }
  return {};
}

Status Decoder::rows(Value value) {
  BASCULE_TRY(const bool is_array, is_type(body_, value, Type::array));
  if (!is_array) {
    return fail(Code::kInvalid, "'rows' must be a list");
  }
  Array array;
  std::size_t count = 0;
  if (const auto error = value.get_array().get(array)) {
    return body_.broken(error);
  }
  if (const auto error = array.count_elements().get(count)) {
    return body_.broken(error);
  }
  if (count == 0) {
    return fail(Code::kInvalid, "'rows' is empty");
  }
  if (count > limits::kHttpRows) {
    return fail(Code::kTooLarge, "{} rows in one request; at most {} are taken", count,
                limits::kHttpRows);
  }
  batch_.emplace(set_.columns, count);
  std::size_t row = 0;
  for (auto element : array) {
    Value inner;
    if (const auto error = std::move(element).get(inner)) {
      return body_.broken(error);
    }
    BASCULE_CHECK_OK(envelope(inner, row));
    ++row;
  }
  return {};
}

Status Decoder::envelope(Value value, std::size_t row) {
  BASCULE_TRY(const bool is_object, is_type(body_, value, Type::object));
  if (!is_object) {
    return fail(Code::kInvalid, R"(rows[{}] must be an object such as {{"row":{{...}}}})", row);
  }
  unsigned seen = 0;
  BASCULE_CHECK_OK(json::for_each_field(body_, value, [&](Field& field) -> Status {
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) {
      return body_.broken(error);
    }
    const Part what = part_of(key);
    if (what == Part::kNone) {
      return fail(Code::kInvalid, "rows[{}]: unknown key '{}'; a row comes as {}", row,
                  json::shortened(key), R"({"row": {"amount": 12.5, ...}, "key": "...", ...})");
    }
    return part(what, field.value(), row, seen);
  }));
  if ((seen & 1U) == 0) {
    mark(row, "missing", "", "the row has no 'row': an object with its columns");
  }
  return {};
}

Status Decoder::part(Part part, Value value, std::size_t row, unsigned& seen) {
  const unsigned bit = 1U << static_cast<unsigned>(part);
  if ((seen & bit) != 0) {
    return fail(Code::kInvalid, "rows[{}]: the key '{}' stands twice", row, part_name(part));
  }
  seen |= bit;
  if (part == Part::kRow) {
    return row_object(value, row);
  }
  if (part == Part::kSegments) {
    return segments(value, row);
  }
  BASCULE_TRY(const bool is_null, is_type(body_, value, Type::null));
  if (is_null) {
    return json::skip(body_, value, kEnvelopeDepth);
  }
  return take_part(part, {}, value, row);
}

Status Decoder::take_part(Part part, std::string_view column, Value value, std::size_t row) {
  Envelope& envelope = batch_->envelope(row);
  switch (part) {
    case Part::kId:
      return text_part("id", column, value, row, envelope.id);
    case Part::kKey:
      return text_part("key", column, value, row, envelope.key);
    case Part::kEntity:
      return text_part("entity", column, value, row, envelope.entity);
    case Part::kAmount:
      return amount_part(column, value, row);
    case Part::kTime:
      return time_part(column, value, row);
    case Part::kRow:
    case Part::kSegments:
    case Part::kNone:
      break;
  }
  return json::skip(body_, value, kCellDepth);
}

Status Decoder::text_part(std::string_view name, std::string_view column, Value value,
                          std::size_t row, std::string& out) {
  BASCULE_TRY(const bool is_text, is_type(body_, value, Type::string));
  std::string text;
  if (is_text) {
    std::string_view read;
    if (const auto error = value.get_string().get(read)) {
      return body_.broken(error);
    }
    text = read;
  } else {
    std::int64_t integer = 0;
    if (json::read_int64(value, integer) != Number::kFine) {
      mark(row, "wrong_type", column,
           fmt::format("the row's {} must be a text, not {}", name, json::describe(value)));
      return json::skip(body_, value, kCellDepth);
    }
    text = std::to_string(integer);
  }
  if (text.size() > limits::kKeyBytes) {
    mark(row, "too_long", column,
         fmt::format("the row's {} has {} bytes; at most {} are taken", name, text.size(),
                     limits::kKeyBytes));
    return {};
  }
  if (out.empty()) {
    out = std::move(text);
  }
  return {};
}

Status Decoder::amount_part(std::string_view column, Value value, std::size_t row) {
  double number = 0;
  const Number read = json::read_double(value, number);
  if (read == Number::kFine) {
    auto& amount = batch_->envelope(row).amount;
    if (!amount) {
      amount = number;
    }
    return {};
  }
  mark(row, "wrong_type", column,
       fmt::format("the row's amount must be a number, not {}", json::describe(value)));
  return json::skip(body_, value, kCellDepth);
}

Status Decoder::time_part(std::string_view column, Value value, std::size_t row) {
  BASCULE_TRY(const bool is_text, is_type(body_, value, Type::string));
  if (!is_text) {
    mark(row, "wrong_type", column,
         fmt::format("the row's time must be a text such as \"2026-11-24T12:00:00Z\", not {}",
                     json::describe(value)));
    return json::skip(body_, value, kCellDepth);
  }
  std::string_view text;
  if (const auto error = value.get_string().get(text)) {
    return body_.broken(error);
  }
  const auto time = parse_time(text);
  if (!time) {
    mark(row, "invalid", column, fmt::format("the row's time: {}", time.error().message));
    return {};
  }
  auto& out = batch_->envelope(row).time;
  if (!out) {
    out = *time;
  }
  return {};
}

Status Decoder::segments(Value value, std::size_t row) {
  BASCULE_TRY(const bool is_object, is_type(body_, value, Type::object));
  if (!is_object) {
    mark(row, "wrong_type", "", "the row's segments must be an object of texts");
    return json::skip(body_, value, kEnvelopeDepth + 1);
  }
  auto& out = batch_->envelope(row).segments;
  return json::for_each_field(body_, value, [&](Field& field) -> Status {
    std::string_view name;
    if (const auto error = field.unescaped_key().get(name)) {
      return body_.broken(error);
    }
    Value inner = field.value();
    BASCULE_TRY(const bool is_text, is_type(body_, inner, Type::string));
    if (!is_text) {
      mark(row, "wrong_type", "",
           fmt::format("the segment '{}' must be a text", json::shortened(name)));
      return json::skip(body_, inner, kEnvelopeDepth + 2);
    }
    const std::string key(name);
    std::string_view text;
    if (const auto error = inner.get_string().get(text)) {
      return body_.broken(error);
    }
    if (std::find(set_.segments.begin(), set_.segments.end(), key) == set_.segments.end()) {
      mark(row, "unknown_segment", "",
           fmt::format("the model has no segment '{}'; declare it when the model is created",
                       json::shortened(key)));
      return {};
    }
    const auto same = [&](const auto& segment) { return segment.first == key; };
    if (std::any_of(out.begin(), out.end(), same)) {
      return fail(Code::kInvalid, "rows[{}].segments: the key '{}' stands twice", row, key);
    }
    if (text.size() > limits::kSegmentValueBytes || out.size() == limits::kSegments) {
      mark(row, "too_long", "",
           fmt::format("a row has at most {} segments of at most {} bytes", limits::kSegments,
                       limits::kSegmentValueBytes));
      return {};
    }
    out.emplace_back(key, text);
    return {};
  });
}

Status Decoder::row_object(Value value, std::size_t row) {
  BASCULE_TRY(const bool is_object, is_type(body_, value, Type::object));
  if (!is_object) {
    mark(row, "wrong_type", "",
         fmt::format("'row' must be an object with the row's columns, not {}",
                     json::describe(value)));
    return json::skip(body_, value, kEnvelopeDepth + 1);
  }
  std::size_t hint = 0;
  return json::for_each_field(body_, value,
                              [&](Field& field) { return row_field(field, row, hint); });
}

// Rows tend to come with their keys in one order: the next column is tried first, without
// unescaping the key.
Status Decoder::row_field(Field& field, std::size_t row, std::size_t& hint) {
  const Columns& columns = *set_.columns;
  std::optional<std::size_t> column;
  if (hint < columns.size() && json::is_plainly(field.key(), columns[hint].name, body_)) {
    column = hint;
  } else {
    std::string_view name;
    if (const auto error = field.unescaped_key().get(name)) {
      return body_.broken(error);
    }
    column = columns.find(name, hint);
    if (!column) {
      return unknown_column(name, field.value(), row);
    }
  }
  if (batch_->state(row, *column) != CellState::kAbsent) {
    return fail(Code::kInvalid, "rows[{}].row: the key '{}' stands twice", row,
                columns[*column].name);
  }
  hint = *column + 1;
  return json::read_cell(body_, field.value(), *batch_, row, *column, kCellDepth);
}

Status Decoder::unknown_column(std::string_view name, Value value, std::size_t row) {
  const Part named = named_part(name);
  if (named != Part::kNone) {
    const std::string column(name);
    BASCULE_TRY(const bool is_null, is_type(body_, value, Type::null));
    return is_null ? json::skip(body_, value, kCellDepth) : take_part(named, column, value, row);
  }
  if (!set_.ignore_extra_columns && batch_->takes_problem(row)) {
    RowProblem problem{.code = "unknown_column", .column = json::shortened(name)};
    problem.message = fmt::format("the model does not know the column '{}'", problem.column);
    if (name.size() <= kSuggestedNameBytes && suggestions_ < kSuggestions) {
      ++suggestions_;
      problem.did_you_mean = set_.columns->nearest(name);
      if (!problem.did_you_mean.empty()) {
        problem.message += fmt::format("; did you mean '{}'?", problem.did_you_mean);
      }
    }
    batch_->mark_bad(row, std::move(problem));
  }
  return json::skip(body_, value, kCellDepth);
}

Part Decoder::named_part(std::string_view column) const noexcept {
  if (column.empty()) {
    return Part::kNone;
  }
  if (column == set_.key_column) {
    return Part::kKey;
  }
  if (column == set_.entity_column) {
    return Part::kEntity;
  }
  if (column == set_.amount_column) {
    return Part::kAmount;
  }
  return column == set_.time_column ? Part::kTime : Part::kNone;
}

}  // namespace

Result<RowsRequest> decode_rows(JsonParser& parser, std::string_view body, const LiveSet& set) {
  return Decoder(parser, body, set).decode();
}

Result<RowsRequest> decode_rows(JsonParser& parser, std::string_view body, const LiveSet& set,
                                const LiveTag& tag) {
  Decoder decoder(parser, body, set);
  auto rows = decoder.decode();
  if (!decoder.has_columns()) {
    return rows;
  }
  BASCULE_TRY(const auto text, rows_of_json(parser, body, tag));
  return Decoder(parser, text.text(), set).decode();
}

}  // namespace bascule
