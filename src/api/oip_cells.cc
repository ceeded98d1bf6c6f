#include "api/oip_cells.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kShownBytes = 64;

// IEEE 754 binary16, exactly.
double half_value(std::uint16_t bits) noexcept {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

}  // namespace

std::size_t OipCells::count() const noexcept {
  return static_cast<std::size_t>(tensor_.shape[0]) * tensor_.width();
}

OipCells::Cell OipCells::cell(std::size_t at) const noexcept {
  const std::size_t width = tensor_.width();
  const std::size_t row = at / width;
  const std::size_t k = at % width;
  return columns_.size() == 1 ? Cell{row, columns_[0], k} : Cell{row, columns_[k], 0};
}

Status OipCells::check_count(std::size_t values) const {
  if (values == count()) {
    return {};
  }
  return fail(Code::kInvalid, "input '{}' has {} values, and the shape [{}] needs {}",
              utf8_prefix(tensor_.name, kShownBytes), values, fmt::join(tensor_.shape, ", "),
              count());
}

void OipCells::mark_bad(const Cell& cell, std::string_view code, std::string_view problem) const {
  const std::string& name = batch_.columns()[cell.column].name;
  batch_.mark_bad_cell(
      cell.row, cell.column,
      {.code = std::string(code), .message = fmt::format("column '{}' {}", name, problem)});
}

void OipCells::put_missing(const Cell& cell, std::string_view what) const {
  const Column& column = batch_.columns()[cell.column];
  if (!column.nullable) {
    mark_bad(cell, "null",
             fmt::format("is {}; the model was fitted without missing values there", what));
  } else if (column.type.kind == ColumnKind::kMatrix) {
    batch_.set_matrix(cell.row, cell.column)[cell.k] = std::numeric_limits<double>::quiet_NaN();
  } else {
    batch_.set_null(cell.row, cell.column);
  }
}

void OipCells::put(std::size_t at, double value) const {
  const Cell where = cell(at);
  if (std::isnan(value)) {
    put_missing(where, "NaN, which means missing");
    return;
  }
  switch (batch_.columns()[where.column].type.kind) {
    case ColumnKind::kNumber:
      batch_.set_number(where.row, where.column, value);
      return;
    case ColumnKind::kNumber32:
      if (std::isfinite(value) && !std::isfinite(static_cast<float>(value))) {
        mark_bad(where, "out_of_range", fmt::format("has {}, which no float32 holds", value));
        return;
      }
      batch_.set_number32(where.row, where.column, static_cast<float>(value));
      return;
    case ColumnKind::kMatrix:
      batch_.set_matrix(where.row, where.column)[where.k] = value;
      return;
    default:
      break;
  }
  // From 2^53 on a double need not be the number that was meant; JSON's rule is the same.
  constexpr double kExactIntegers = 9007199254740992.0;
  if (std::trunc(value) != value) {
    mark_bad(where, "wrong_type", fmt::format("must be a whole number, not {}", value));
  } else if (std::abs(value) >= kExactIntegers) {
    mark_bad(where, "out_of_range",
             fmt::format("is out of the range of a whole number: {}", value));
  } else {
    batch_.set_integer(where.row, where.column, static_cast<std::int64_t>(value));
  }
}

void OipCells::put(std::size_t at, std::int64_t value) const {
  const Cell where = cell(at);
  if (batch_.columns()[where.column].type.kind == ColumnKind::kInteger) {
    batch_.set_integer(where.row, where.column, value);
  } else if (batch_.columns()[where.column].type.kind == ColumnKind::kNumber32) {
    batch_.set_number32(where.row, where.column, static_cast<float>(value));  // rounded once
  } else {
    put(at, static_cast<double>(value));
  }
}

void OipCells::put(std::size_t at, std::uint64_t value) const {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    put(at, static_cast<std::int64_t>(value));
  } else if (const Cell where = cell(at);
             batch_.columns()[where.column].type.kind == ColumnKind::kNumber32) {
    batch_.set_number32(where.row, where.column, static_cast<float>(value));
  } else {
    put(at, static_cast<double>(value));
  }
}

void OipCells::put(std::size_t at, bool value) const {
  const Cell where = cell(at);
  batch_.set_boolean(where.row, where.column, value);
}

void OipCells::put(std::size_t at, std::string_view text) const {
  const Cell where = cell(at);
  if (missing_ && text == *missing_) {
    put_missing(where, "missing");
  } else if (text.size() > limits::kStringBytes) {
    mark_bad(where, "too_long",
             fmt::format("has {} bytes; at most {} are taken", text.size(), limits::kStringBytes));
  } else if (!is_utf8(text)) {
    mark_bad(where, "wrong_type", "must be a text in UTF-8");
  } else {
    batch_.set_string(where.row, where.column, text);
  }
}

Status OipCells::check_bytes(std::string_view bytes, std::size_t value_bytes) const {
  if (bytes.size() == count() * value_bytes) {
    return {};
  }
  return fail(Code::kInvalid, "input '{}' has {} raw bytes, and {} values of {} need {}",
              utf8_prefix(tensor_.name, kShownBytes), bytes.size(), count(),
              oip_type_name(tensor_.type), count() * value_bytes);
}

// Column by column, without asking of each value where it goes. NaN is looked at again.
void OipCells::raw_doubles(std::string_view bytes) const {
  const std::size_t width = columns_.size();
  for (std::size_t k = 0; k < width; ++k) {
    const std::span<double> cells = batch_.set_numbers(columns_[k]);
    const char* from = bytes.data() + k * sizeof(double);
    bool some_nan = false;
    for (double& cell : cells) {
      std::memcpy(&cell, from, sizeof cell);
      some_nan |= std::isnan(cell);
      from += width * sizeof(double);
    }
    for (std::size_t row = 0; some_nan && row < cells.size(); ++row) {
      if (std::isnan(cells[row])) {
        cells[row] = std::numeric_limits<double>::quiet_NaN();
        put(row * width + k, cells[row]);
      }
    }
  }
}

template <typename Number>
Status OipCells::raw_numbers(std::string_view bytes) const {
  BASCULE_CHECK_OK(check_bytes(bytes, sizeof(Number)));
  if (std::is_same_v<Number, double> && are_numbers(batch_, tensor_, columns_)) {
    raw_doubles(bytes);
    return {};
  }
  const char* from = bytes.data();
  for (std::size_t at = 0; at < count(); ++at, from += sizeof(Number)) {
    Number value{};
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::is_floating_point_v<Number>) {
      put(at, static_cast<double>(value));
    } else if constexpr (std::is_signed_v<Number>) {
      put(at, static_cast<std::int64_t>(value));
    } else {
      put(at, static_cast<std::uint64_t>(value));
    }
  }
  return {};
}

Status OipCells::raw_halves(std::string_view bytes) const {
  BASCULE_CHECK_OK(check_bytes(bytes, sizeof(std::uint16_t)));
  const char* from = bytes.data();
  for (std::size_t at = 0; at < count(); ++at, from += sizeof(std::uint16_t)) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from, sizeof bits);
    put(at, half_value(bits));
  }
  return {};
}

Status OipCells::raw_booleans(std::string_view bytes) const {
  BASCULE_CHECK_OK(check_bytes(bytes, 1));
  for (std::size_t at = 0; at < count(); ++at) {
    if (bytes[at] != 0 && bytes[at] != 1) {
      return fail(Code::kInvalid, "input '{}': a BOOL is 0 or 1, not {}",
                  utf8_prefix(tensor_.name, kShownBytes),
                  static_cast<unsigned>(static_cast<unsigned char>(bytes[at])));
    }
    put(at, bytes[at] == 1);
  }
  return {};
}

Status OipCells::raw_texts(std::string_view bytes) const {
  std::uint32_t size = 0;
  for (std::size_t at = 0; at < count(); ++at) {
    if (bytes.size() >= sizeof size) {
      const char* from = bytes.data();
      std::memcpy(&size, from, sizeof size);
    }
    if (bytes.size() < sizeof size || size > bytes.size() - sizeof size) {
      return fail(Code::kInvalid, "input '{}': its bytes end inside of element {}",
                  utf8_prefix(tensor_.name, kShownBytes), at);
    }
    put(at, bytes.substr(sizeof size, size));
    bytes.remove_prefix(sizeof size + size);
  }
  if (!bytes.empty()) {
    return fail(Code::kInvalid, "input '{}' has {} bytes behind its last element",
                utf8_prefix(tensor_.name, kShownBytes), bytes.size());
  }
  return {};
}

Status OipCells::read_raw(std::string_view bytes) const {
  switch (tensor_.type) {
    case OipType::kInt8:
      return raw_numbers<std::int8_t>(bytes);
    case OipType::kInt16:
      return raw_numbers<std::int16_t>(bytes);
    case OipType::kInt32:
      return raw_numbers<std::int32_t>(bytes);
    case OipType::kInt64:
      return raw_numbers<std::int64_t>(bytes);
    case OipType::kUint8:
      return raw_numbers<std::uint8_t>(bytes);
    case OipType::kUint16:
      return raw_numbers<std::uint16_t>(bytes);
    case OipType::kUint32:
      return raw_numbers<std::uint32_t>(bytes);
    case OipType::kUint64:
      return raw_numbers<std::uint64_t>(bytes);
    case OipType::kFp32:
      return raw_numbers<float>(bytes);
    case OipType::kFp64:
      return raw_numbers<double>(bytes);
    case OipType::kBytes:
      return raw_texts(bytes);
    case OipType::kFp16:
      return raw_halves(bytes);
    case OipType::kBool:
      break;
  }
  return raw_booleans(bytes);
}

}  // namespace bascule
