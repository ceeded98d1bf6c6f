#include "capi/arrow_import.h"

#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/limits.h"
#include "base/utf8.h"

namespace bascule::capi {
namespace {
struct FormatName {
  std::string_view format;
  ArrowType type;
  std::string_view name;
};
constexpr std::array kFormats{
    FormatName{"n", ArrowType::kNull, "null"},
    FormatName{"b", ArrowType::kBool, "bool"},
    FormatName{"c", ArrowType::kInt8, "int8"},
    FormatName{"C", ArrowType::kUint8, "uint8"},
    FormatName{"s", ArrowType::kInt16, "int16"},
    FormatName{"S", ArrowType::kUint16, "uint16"},
    FormatName{"i", ArrowType::kInt32, "int32"},
    FormatName{"I", ArrowType::kUint32, "uint32"},
    FormatName{"l", ArrowType::kInt64, "int64"},
    FormatName{"L", ArrowType::kUint64, "uint64"},
    FormatName{"f", ArrowType::kFloat32, "float32"},
    FormatName{"g", ArrowType::kFloat64, "float64"},
    FormatName{"u", ArrowType::kUtf8, "utf8"},
    FormatName{"U", ArrowType::kLargeUtf8, "large_utf8"},
    FormatName{"tsu:", ArrowType::kTimestampUs, "timestamp[us]"},
    FormatName{"tsu:UTC", ArrowType::kTimestampUs, "timestamp[us, UTC]"},
};

const FormatName* find_format(std::string_view format) noexcept {
  for (const auto& known : kFormats) {
    if (known.format == format) {
      return &known;
    }
  }
  return nullptr;
}

bool is_integer(ArrowType type) noexcept {
  return type >= ArrowType::kInt8 && type <= ArrowType::kUint64;
}

constexpr std::string_view kListPrefix = "+w:";

std::size_t list_size(std::string_view format) noexcept {
  std::size_t size = 0;
  const auto digits = format.substr(kListPrefix.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  return size;
}

bool is_text(std::string_view format) noexcept {
  return format == "u" || format == "U";
}

bool is_list(std::string_view format) noexcept {
  return format == "+l" || format == "+L";
}

ArrowType arrow_type(const ArrowSchema& schema) noexcept {
  const std::string_view format = schema.format;
  if (schema.dictionary != nullptr) {
    return ArrowType::kOther;
  }
  if (const auto* known = find_format(format)) {
    return known->type;
  }
  if (schema.n_children != 1 || schema.children[0]->dictionary != nullptr) {
    return ArrowType::kOther;
  }
  const std::string_view cell = schema.children[0]->format;
  if (is_list(format) && is_text(cell)) {
    return ArrowType::kTextList;
  }
  const bool list_of_doubles = format.starts_with(kListPrefix) && cell == "g";
  return list_of_doubles ? ArrowType::kFloat64List : ArrowType::kOther;
}

// For messages: "int64", or the format itself.
std::string format_text(const ArrowSchema& schema) {
  if (schema.dictionary != nullptr) {
    return "a dictionary, which must be decoded first";
  }
  const auto* known = find_format(schema.format);
  return known != nullptr ? std::string(known->name) : fmt::format("'{}'", schema.format);
}

bool accepts(ColumnType wanted, ArrowType given, std::string_view format) noexcept {
  if (given == ArrowType::kNull) {
    return true;
  }
  switch (wanted.kind) {
    case ColumnKind::kNumber:
      return given == ArrowType::kFloat64 || given == ArrowType::kFloat32 || is_integer(given);
    case ColumnKind::kNumber32:
      return given == ArrowType::kFloat32;
    case ColumnKind::kInteger:
      return is_integer(given);
    case ColumnKind::kBoolean:
      return given == ArrowType::kBool;
    case ColumnKind::kString:
      return given == ArrowType::kUtf8 || given == ArrowType::kLargeUtf8;
    case ColumnKind::kDatetime:
      return given == ArrowType::kTimestampUs;
    case ColumnKind::kMatrix:
      return given == ArrowType::kFloat64List && list_size(format) == wanted.width;
    case ColumnKind::kTokens:
      return given == ArrowType::kTextList;
    case ColumnKind::kSparse:
    case ColumnKind::kDict:
      return false;
  }
  return false;
}

std::string expected_text(ColumnType wanted) {
  switch (wanted.kind) {
    case ColumnKind::kNumber:
      return "float64, float32 or integers";
    case ColumnKind::kNumber32:
      return "float32";
    case ColumnKind::kInteger:
      return "integers";
    case ColumnKind::kBoolean:
      return "bool";
    case ColumnKind::kString:
      return "utf8 or large_utf8";
    case ColumnKind::kDatetime:
      return "timestamp[us], naive or UTC";
    case ColumnKind::kMatrix:
      return fmt::format("a fixed size list of {} float64", wanted.width);
    case ColumnKind::kTokens:
      return "a list or large_list of utf8 or large_utf8";
    case ColumnKind::kSparse:
    case ColumnKind::kDict:
      break;
  }
  return "a type that bascule.h cannot take yet";
}

bool bit(const std::uint8_t* bits, std::size_t at) noexcept {
  return (bits[at / 8] >> (at % 8) & 1) != 0;
}

template <typename T>
T load(const std::byte* data, std::size_t at) noexcept {
  T value;
  std::memcpy(&value, data + at * sizeof(T), sizeof(T));
  return value;
}

// Offset `at` of an array of texts or of lists.
std::int64_t offset(const std::byte* offsets, bool wide, std::size_t at) noexcept {
  return wide ? load<std::int64_t>(offsets, at) : load<std::int32_t>(offsets, at);
}

// Calls `use` with a value of the C++ type behind a number's format.
template <typename Use>
void with_number(ArrowType type, Use use) {
  switch (type) {
    case ArrowType::kInt8:
      return use(std::int8_t{});
    case ArrowType::kUint8:
      return use(std::uint8_t{});
    case ArrowType::kInt16:
      return use(std::int16_t{});
    case ArrowType::kUint16:
      return use(std::uint16_t{});
    case ArrowType::kInt32:
      return use(std::int32_t{});
    case ArrowType::kUint32:
      return use(std::uint32_t{});
    case ArrowType::kInt64:
    case ArrowType::kTimestampUs:
      return use(std::int64_t{});
    case ArrowType::kUint64:
      return use(std::uint64_t{});
    case ArrowType::kFloat32:
      return use(float{});
    case ArrowType::kFloat64:
    case ArrowType::kFloat64List:
      return use(double{});
    case ArrowType::kNull:
    case ArrowType::kBool:
    case ArrowType::kUtf8:
    case ArrowType::kLargeUtf8:
    case ArrowType::kTextList:
    case ArrowType::kOther:
      return;
  }
}

// The validity bits of an array; null when nothing is null.
const std::uint8_t* null_bits(const ArrowArray& array) noexcept {
  if (array.null_count == 0 || array.n_buffers < 1) {
    return nullptr;
  }
  return static_cast<const std::uint8_t*>(array.buffers[0]);
}
}  // namespace

ColumnBuffer::ColumnBuffer(ValueType type)
    : cells_(std::make_unique_for_overwrite<std::byte[]>(type.width * limits::kBlockRows *
                                                         cell_bytes(type.kind))),
      valid_(std::make_unique_for_overwrite<std::uint8_t[]>(limits::kBlockRows)) {}

ArrowColumn ArrowColumn::absent(const InputColumn& wanted, ValueType type) {
  ArrowColumn column;
  column.wanted_ = &wanted;
  column.type_ = type;
  return column;
}

Result<ArrowColumn> ArrowColumn::bind(const InputColumn& wanted, ValueType type,
                                      const ArrowSchema& schema, const ArrowArray& array,
                                      std::size_t first, std::size_t rows) {
  ArrowColumn column = absent(wanted, type);
  column.arrow_ = arrow_type(schema);
  if (!accepts(wanted.type, column.arrow_, schema.format)) {
    return fail(Code::kInvalid, "column '{}' is {}, expected {}", wanted.name, format_text(schema),
                expected_text(wanted.type));
  }
  if (array.offset < 0 || array.length < 0 ||
      static_cast<std::uint64_t>(array.length) < std::uint64_t{first} + rows) {
    return fail(Code::kInvalid, "column '{}' has {} rows, expected {}", wanted.name, array.length,
                std::uint64_t{first} + rows);
  }
  column.first_ = first + static_cast<std::size_t>(array.offset);
  if (column.arrow_ == ArrowType::kTextList) {
    column.wide_lists_ = std::string_view(schema.format) == "+L";
    column.wide_ = std::string_view(schema.children[0]->format) == "U";
    BASCULE_CHECK_OK(column.check_texts(array, rows));
  } else if (column.arrow_ != ArrowType::kNull) {
    column.wide_ = column.arrow_ == ArrowType::kLargeUtf8;
    BASCULE_CHECK_OK(column.check_buffers(array, rows));
  }
  return column;
}

Status ArrowColumn::check_buffers(const ArrowArray& array, std::size_t rows) {
  const bool strings = arrow_ == ArrowType::kUtf8 || arrow_ == ArrowType::kLargeUtf8;
  const bool list = arrow_ == ArrowType::kFloat64List;
  const std::int64_t buffers = strings ? 3 : list ? 1 : 2;
  if (array.n_buffers != buffers || array.n_children != (list ? 1 : 0)) {
    return fail(Code::kInvalid, "column '{}' has {} buffers and {} children, expected {} and {}",
                wanted_->name, array.n_buffers, array.n_children, buffers, list ? 1 : 0);
  }
  nulls_ = null_bits(array);
  const ArrowArray* cells = &array;
  if (list) {
    cells = array.children[0];
    cells_first_ = static_cast<std::size_t>(cells->offset);
    cell_nulls_ = null_bits(*cells);
    const auto needed = std::uint64_t{first_ + rows} * type_.width;
    if (cells->n_buffers != 2 || static_cast<std::uint64_t>(cells->length) < needed) {
      return fail(Code::kInvalid, "column '{}' has {} cells in its lists, expected {}",
                  wanted_->name, cells->length, needed);
    }
  }
  data_ = static_cast<const std::byte*>(cells->buffers[1]);
  if (strings) {
    text_ = static_cast<const char*>(array.buffers[2]);
  }
  if (data_ == nullptr && rows > 0) {
    return fail(Code::kInvalid, "column '{}' has no data buffer", wanted_->name);
  }
  return {};
}

// Of a list of texts: its offsets, and the texts behind them.
Status ArrowColumn::check_texts(const ArrowArray& array, std::size_t rows) {
  if (array.n_buffers != 2 || array.n_children != 1 || array.children[0]->n_buffers != 3) {
    return fail(Code::kInvalid,
                "column '{}' has {} buffers and {} children, expected 2, and 1 with 3 buffers",
                wanted_->name, array.n_buffers, array.n_children);
  }
  const ArrowArray& texts = *array.children[0];
  if (texts.offset < 0 || texts.length < 0) {
    return fail(Code::kInvalid, "column '{}' has {} texts in its lists", wanted_->name,
                texts.length);
  }
  nulls_ = null_bits(array);
  cell_nulls_ = null_bits(texts);
  list_starts_ = static_cast<const std::byte*>(array.buffers[1]);
  data_ = static_cast<const std::byte*>(texts.buffers[1]);
  text_ = static_cast<const char*>(texts.buffers[2]);
  cells_first_ = static_cast<std::size_t>(texts.offset);
  cells_ = static_cast<std::size_t>(texts.length);
  if ((list_starts_ == nullptr && rows > 0) || (data_ == nullptr && cells_ > 0)) {
    return fail(Code::kInvalid, "column '{}' has no offsets buffer", wanted_->name);
  }
  return {};
}

bool ArrowColumn::is_null(std::size_t row) const noexcept {
  return arrow_ == ArrowType::kNull || (nulls_ != nullptr && !bit(nulls_, first_ + row));
}

Result<View> ArrowColumn::read(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const {
  const bool floats = type_.kind == ValueKind::kF64 || type_.kind == ValueKind::kF32;
  if (floats) {
    read_floats(row, rows, buffer);
    return View(type_, buffer.cells_.get());
  }
  for (std::size_t i = 0; i < rows; ++i) {
    buffer.valid_[i] = is_null(row + i) ? 0 : 1;
  }
  if (type_.kind == ValueKind::kStrings) {
    return read_strings(row, rows, buffer);
  }
  if (type_.kind == ValueKind::kTokens) {
    return read_lists(row, rows, buffer);
  }
  if (type_.kind == ValueKind::kBool) {
    auto* cells = reinterpret_cast<std::uint8_t*>(buffer.cells_.get());
    const auto* bits = reinterpret_cast<const std::uint8_t*>(data_);
    for (std::size_t i = 0; i < rows; ++i) {
      cells[i] = buffer.valid_[i] != 0 && bit(bits, first_ + row + i) ? 1 : 0;
    }
  } else {
    BASCULE_CHECK_OK(read_integers(row, rows, buffer));
  }
  return View(type_, buffer.cells_.get(), buffer.valid_.get());
}

void ArrowColumn::read_floats(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const {
  const std::size_t width = type_.width;
  const auto fill = [&]<typename To>(To* out) {
    constexpr To kNaN = std::numeric_limits<To>::quiet_NaN();
    for (std::size_t i = 0; i < rows; ++i, out += width) {
      for (std::size_t col = 0; col < width; ++col) {
        out[col] = kNaN;
      }
      if (is_null(row + i)) {
        continue;
      }
      with_number(arrow_, [&]<typename From>(From) {
        for (std::size_t col = 0; col < width; ++col) {
          const std::size_t at = cells_first_ + (first_ + row + i) * width + col;
          if (cell_nulls_ != nullptr && !bit(cell_nulls_, at)) {
            continue;
          }
          out[col] = static_cast<To>(load<From>(data_, at));
        }
      });
    }
  };
  if (type_.kind == ValueKind::kF64) {
    fill(reinterpret_cast<double*>(buffer.cells_.get()));
  } else {
    fill(reinterpret_cast<float*>(buffer.cells_.get()));
  }
}

Status ArrowColumn::read_integers(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const {
  auto* cells = reinterpret_cast<std::int64_t*>(buffer.cells_.get());
  std::size_t too_large = rows;
  for (std::size_t i = 0; i < rows; ++i) {
    cells[i] = 0;
    if (buffer.valid_[i] == 0) {
      continue;
    }
    with_number(arrow_, [&]<typename From>(From) {
      const From value = load<From>(data_, first_ + row + i);
      cells[i] = static_cast<std::int64_t>(value);  // NOLINT(bugprone-signed-char-misuse): a number
      if (std::is_same_v<From, std::uint64_t> && cells[i] < 0) {
        too_large = i;
      }
    });
    if (too_large == i) {
      return fail(Code::kInvalid, "column '{}', row {}: the number is beyond int64", wanted_->name,
                  row + i);
    }
  }
  return {};
}

Result<View> ArrowColumn::read_strings(std::size_t row, std::size_t rows,
                                       ColumnBuffer& buffer) const {
  auto* cells = reinterpret_cast<std::string_view*>(buffer.cells_.get());
  for (std::size_t i = 0; i < rows; ++i) {
    cells[i] = {};
    if (buffer.valid_[i] != 0) {
      BASCULE_TRY(cells[i], text(first_ + row + i, row + i));
    }
  }
  return View(type_, cells, buffer.valid_.get());
}

Result<View> ArrowColumn::read_lists(std::size_t row, std::size_t rows,
                                     ColumnBuffer& buffer) const {
  auto& tokens = buffer.tokens_;
  auto& starts = buffer.starts_;
  tokens.clear();
  starts.assign(1, 0);
  for (std::size_t i = 0; i < rows; ++i) {
    if (buffer.valid_[i] != 0) {
      const std::int64_t start = offset(list_starts_, wide_lists_, first_ + row + i);
      const std::int64_t end = offset(list_starts_, wide_lists_, first_ + row + i + 1);
      if (start < 0 || end < start || std::cmp_greater(end, cells_)) {
        return fail(Code::kInvalid, "column '{}', row {}: the list is no part of {} texts",
                    wanted_->name, row + i, cells_);
      }
      for (std::int64_t cell = start; cell < end; ++cell) {
        const std::size_t at = cells_first_ + static_cast<std::size_t>(cell);
        if (cell_nulls_ != nullptr && !bit(cell_nulls_, at)) {
          return fail(Code::kInvalid, "column '{}', row {}: the list holds a null, expected texts",
                      wanted_->name, row + i);
        }
        BASCULE_TRY(const auto token, text(at, row + i));
        tokens.push_back(token);
      }
    }
    if (tokens.size() > std::numeric_limits<std::uint32_t>::max()) {
      return fail(Code::kTooLarge, "column '{}': {} texts in {} rows; send fewer rows",
                  wanted_->name, tokens.size(), i + 1);
    }
    starts.push_back(static_cast<std::uint32_t>(tokens.size()));
  }
  return View(type_, tokens.data(), starts.data(), nullptr, buffer.valid_.get());
}

Result<std::string_view> ArrowColumn::text(std::size_t at, std::size_t row) const {
  const std::int64_t start = offset(data_, wide_, at);
  const std::int64_t end = offset(data_, wide_, at + 1);
  if (start < 0 || end < start) {
    return fail(Code::kInvalid, "column '{}', row {}: the text ends before it starts",
                wanted_->name, row);
  }
  std::string_view found;
  if (end > start) {
    found = {text_ + start, static_cast<std::size_t>(end - start)};
  }
  if (!is_utf8(found)) {
    return fail(Code::kInvalid, "column '{}', row {}: the text is not UTF-8", wanted_->name, row);
  }
  return found;
}

Result<std::vector<ArrowColumn>> bind_columns(std::span<const InputColumn> wanted,
                                              std::span<const ValueType> types,
                                              const ArrowSchema& schema, const ArrowArray& batch) {
  if (std::string_view(schema.format) != "+s" || schema.n_children != batch.n_children) {
    return fail(Code::kInvalid, "the batch is {} with {} children, expected a struct ('+s') of {}",
                format_text(schema), batch.n_children, schema.n_children);
  }
  if (batch.length < 0 || batch.offset < 0 || null_bits(batch) != nullptr) {
    return fail(Code::kInvalid,
                "the batch has null rows or a negative length; nulls belong in its columns");
  }
  std::unordered_map<std::string_view, std::int64_t> by_name;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const auto* name = schema.children[i]->name;
    if (name == nullptr) {
      continue;
    }
    if (!by_name.emplace(name, i).second) {
      return fail(Code::kInvalid, "the batch has two columns '{}'", name);
    }
  }
  std::vector<ArrowColumn> columns;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto found = by_name.find(wanted[i].name);
    if (found != by_name.end()) {
      BASCULE_TRY(
          auto column,
          ArrowColumn::bind(wanted[i], types[i], *schema.children[found->second],
                            *batch.children[found->second], static_cast<std::size_t>(batch.offset),
                            static_cast<std::size_t>(batch.length)));
      columns.push_back(column);
      continue;
    }
    if (!wanted[i].optional) {
      std::string names;
      for (const auto& each : wanted) {
        names += (names.empty() ? "" : ", ") + each.name;
      }
      return fail(Code::kInvalid, "column '{}' is missing; the model needs {}", wanted[i].name,
                  names);
    }
    columns.push_back(ArrowColumn::absent(wanted[i], types[i]));
  }
  return columns;
}

}  // namespace bascule::capi
