#include "api/grpc/cells.h"

#include <fmt/ranges.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "api/grpc/wire.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

// The field of InferTensorContents that holds a datatype, and how one value of it is written; FP16
// has none.
struct ContentsField {
  std::uint32_t number = 0;
  wire::Type type = wire::Type::kVarint;
};

ContentsField contents_field(OipType type) noexcept {
  switch (type) {
    case OipType::kBool:
      return {1, wire::Type::kVarint};
    case OipType::kInt8:
    case OipType::kInt16:
    case OipType::kInt32:
      return {2, wire::Type::kVarint};
    case OipType::kInt64:
      return {3, wire::Type::kVarint};
    case OipType::kUint8:
    case OipType::kUint16:
    case OipType::kUint32:
      return {4, wire::Type::kVarint};
    case OipType::kUint64:
      return {5, wire::Type::kVarint};
    case OipType::kFp32:
      return {6, wire::Type::kFixed32};
    case OipType::kFp64:
      return {7, wire::Type::kFixed64};
    case OipType::kBytes:
      return {8, wire::Type::kBytes};
    case OipType::kFp16:
      break;
  }
  return {};
}

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

std::size_t CellWriter::count() const noexcept {
  return static_cast<std::size_t>(tensor_.shape[0]) * tensor_.width();
}

CellWriter::Cell CellWriter::cell(std::size_t at) const noexcept {
  const std::size_t width = tensor_.width();
  const std::size_t row = at / width;
  const std::size_t k = at % width;
  return columns_.size() == 1 ? Cell{row, columns_[0], k} : Cell{row, columns_[k], 0};
}

std::unexpected<Error> CellWriter::wrong_count(std::size_t values) const {
  return fail(Code::kInvalid, "input '{}' has {} values, and the shape [{}] needs {}",
              utf8_prefix(tensor_.name, 64), values, fmt::join(tensor_.shape, ", "), count());
}

void CellWriter::mark_bad(const Cell& cell, std::string_view code, std::string_view problem) const {
  const std::string& name = batch_.columns()[cell.column].name;
  batch_.mark_bad(cell.row,
                  {std::string(code), name, fmt::format("column '{}' {}", name, problem)});
}

void CellWriter::put_missing(const Cell& cell, std::string_view what) const {
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

void CellWriter::put(std::size_t at, double value) const {
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
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  if (!(value >= -kBeyond && value < kBeyond)) {
    mark_bad(where, "out_of_range", fmt::format("has {}, which 64 bits do not hold", value));
  } else if (std::trunc(value) != value) {
    mark_bad(where, "wrong_type", fmt::format("must be a whole number, not {}", value));
  } else {
    batch_.set_integer(where.row, where.column, static_cast<std::int64_t>(value));
  }
}

void CellWriter::put(std::size_t at, std::int64_t value) const {
  const Cell where = cell(at);
  if (batch_.columns()[where.column].type.kind == ColumnKind::kInteger) {
    batch_.set_integer(where.row, where.column, value);
  } else if (batch_.columns()[where.column].type.kind == ColumnKind::kNumber32) {
    batch_.set_number32(where.row, where.column, static_cast<float>(value));  // rounded once
  } else {
    put(at, static_cast<double>(value));
  }
}

void CellWriter::put(std::size_t at, std::uint64_t value) const {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    put(at, static_cast<std::int64_t>(value));
  } else if (const Cell where = cell(at);
             batch_.columns()[where.column].type.kind == ColumnKind::kNumber32) {
    batch_.set_number32(where.row, where.column, static_cast<float>(value));
  } else {
    put(at, static_cast<double>(value));
  }
}

void CellWriter::put(std::size_t at, bool value) const {
  const Cell where = cell(at);
  batch_.set_boolean(where.row, where.column, value);
}

void CellWriter::put(std::size_t at, std::string_view text) const {
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

template <typename Number>
Status CellWriter::raw_numbers(std::string_view bytes) const {
  if (bytes.size() != count() * sizeof(Number)) {
    return fail(Code::kInvalid, "input '{}' has {} raw bytes, and {} values of {} need {}",
                utf8_prefix(tensor_.name, 64), bytes.size(), count(), oip_type_name(tensor_.type),
                count() * sizeof(Number));
  }
  for (std::size_t at = 0; at < count(); ++at) {
    Number value{};
    std::memcpy(&value, bytes.data() + at * sizeof value, sizeof value);
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

Status CellWriter::raw_texts(std::string_view bytes) const {
  std::size_t at = 0;
  while (bytes.size() >= sizeof(std::uint32_t)) {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes.remove_prefix(sizeof size);
    if (size > bytes.size()) {
      return fail(Code::kInvalid, "input '{}': text {} has {} bytes, and only {} follow",
                  utf8_prefix(tensor_.name, 64), at, size, bytes.size());
    }
    if (at < count()) {
      put(at, bytes.substr(0, size));
    }
    bytes.remove_prefix(size);
    ++at;
  }
  if (!bytes.empty() || at != count()) {
    return wrong_count(at);
  }
  return {};
}

Status CellWriter::read_raw(std::string_view bytes) const {
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
      if (bytes.size() != count() * sizeof(std::uint16_t)) {
        return wrong_count(bytes.size() / sizeof(std::uint16_t));
      }
      for (std::size_t at = 0; at < count(); ++at) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, bytes.data() + at * sizeof bits, sizeof bits);
        put(at, half_value(bits));
      }
      return {};
    case OipType::kBool:
      break;
  }
  if (bytes.size() != count()) {
    return wrong_count(bytes.size());
  }
  for (std::size_t at = 0; at < count(); ++at) {
    if (bytes[at] != 0 && bytes[at] != 1) {
      return fail(Code::kInvalid, "input '{}': a BOOL is 0 or 1", utf8_prefix(tensor_.name, 64));
    }
    put(at, bytes[at] == 1);
  }
  return {};
}

// One value of the tensor's own field, as its bits.
Status CellWriter::content(std::uint64_t bits, std::size_t at) const {
  switch (tensor_.type) {
    case OipType::kBool:
      put(at, bits != 0);
      return {};
    case OipType::kFp32:
      put(at, double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))});
      return {};
    case OipType::kFp64:
      put(at, std::bit_cast<double>(bits));
      return {};
    case OipType::kUint64:
      put(at, bits);
      return {};
    default:
      break;
  }
  const auto value = static_cast<std::int64_t>(bits);
  if (tensor_.type != OipType::kInt64 && !oip_holds(tensor_.type, static_cast<double>(value))) {
    return fail(Code::kInvalid, "input '{}': {} is no {}", utf8_prefix(tensor_.name, 64), value,
                oip_type_name(tensor_.type));
  }
  put(at, value);
  return {};
}

Status CellWriter::read_contents(std::string_view message) const {
  const ContentsField own = contents_field(tensor_.type);
  if (own.number == 0) {
    return fail(Code::kInvalid, "input '{}': {} comes in raw_input_contents only",
                utf8_prefix(tensor_.name, 64), oip_type_name(tensor_.type));
  }
  std::size_t at = 0;
  const auto take = [&](std::uint64_t bits) {
    Status status;
    if (at < count()) {
      status = content(bits, at);
    }
    ++at;
    return status;
  };
  wire::Field field;
  wire::Reader reader(message);
  bool packed_broken = false;
  while (reader.next(field) && !packed_broken) {
    if (field.number != own.number) {
      if (field.number <= 8 && !field.bytes.empty()) {
        return fail(Code::kInvalid, "input '{}' is {}, and its contents are of another type",
                    utf8_prefix(tensor_.name, 64), oip_type_name(tensor_.type));
      }
      continue;
    }
    if (own.type == wire::Type::kBytes && field.type == own.type) {
      if (at < count()) {
        put(at, field.bytes);
      }
      ++at;
    } else if (field.type == own.type) {
      BASCULE_CHECK_OK(take(field.value));
    } else if (field.type == wire::Type::kBytes) {
      std::string_view rest = field.bytes;
      while (!rest.empty() && !packed_broken) {
        std::uint64_t bits = 0;
        packed_broken = !wire::take(rest, own.type, bits);
        if (!packed_broken) {
          BASCULE_CHECK_OK(take(bits));
        }
      }
    } else {
      packed_broken = true;
    }
  }
  if (reader.broken() || packed_broken) {
    return fail(Code::kInvalid, "input '{}': its contents are no message of inference.proto",
                utf8_prefix(tensor_.name, 64));
  }
  return at == count() ? Status() : Status(wrong_count(at));
}

}  // namespace bascule
