#include "api/oip_binary.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/json_writer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kLengthBytes = 4;

template <typename T>
T load(const char* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <typename T>
void append_raw(std::string& out, T value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

// 0 for BYTES, whose elements say their own.
std::size_t element_bytes(OipType type) noexcept {
  switch (type) {
    case OipType::kBool:
    case OipType::kInt8:
    case OipType::kUint8:
      return 1;
    case OipType::kInt16:
    case OipType::kUint16:
    case OipType::kFp16:
      return 2;
    case OipType::kInt32:
    case OipType::kUint32:
    case OipType::kFp32:
      return 4;
    case OipType::kInt64:
    case OipType::kUint64:
    case OipType::kFp64:
      return 8;
    case OipType::kBytes:
      break;
  }
  return 0;
}

// IEEE 754 binary16; every value is a double.
double half(std::uint16_t bits) noexcept {
  const int exponent = bits >> 10 & 0x1f;
  const int fraction = bits & 0x3ff;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 0x1f) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  return exponent == 0 ? sign * std::ldexp(fraction, -24)
                       : sign * std::ldexp(fraction + 0x400, exponent - 25);
}

// A number in the form in which it loses nothing.
struct Value {
  double number = 0;
  std::optional<std::int64_t> integer;  // of an integer type; nothing when it is beyond int64
  bool whole_type = false;
};

Value whole(std::int64_t value) noexcept {
  return {static_cast<double>(value), value, true};
}

Value value_at(OipType type, const char* bytes) noexcept {
  switch (type) {
    case OipType::kInt8:
      return whole(load<std::int8_t>(bytes));
    case OipType::kInt16:
      return whole(load<std::int16_t>(bytes));
    case OipType::kInt32:
      return whole(load<std::int32_t>(bytes));
    case OipType::kInt64:
      return whole(load<std::int64_t>(bytes));
    case OipType::kUint8:
      return whole(load<std::uint8_t>(bytes));
    case OipType::kUint16:
      return whole(load<std::uint16_t>(bytes));
    case OipType::kUint32:
      return whole(load<std::uint32_t>(bytes));
    case OipType::kUint64: {
      const auto value = load<std::uint64_t>(bytes);
      if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return whole(static_cast<std::int64_t>(value));
      }
      return {static_cast<double>(value), std::nullopt, true};
    }
    case OipType::kFp16:
      return {half(load<std::uint16_t>(bytes)), std::nullopt, false};
    case OipType::kFp32:
      return {load<float>(bytes), std::nullopt, false};
    case OipType::kFp64:
    case OipType::kBool:
    case OipType::kBytes:
      break;
  }
  return {load<double>(bytes), std::nullopt, false};
}

class Filler {
 public:
  Filler(const BinaryTensor& tensor, RowBatch& batch) : tensor_(tensor), batch_(batch) {}

  Status fill() {
    if (tensor_.type == OipType::kBytes) {
      return fill_texts();
    }
    const std::size_t size = element_bytes(tensor_.type);
    const std::size_t expected = batch_.rows() * tensor_.width * size;
    if (tensor_.bytes.size() != expected) {
      return fail(Code::kInvalid, "input '{}' has {} bytes, and its shape and datatype need {}",
                  tensor_.name, tensor_.bytes.size(), expected);
    }
    const char* at = tensor_.bytes.data();
    for (std::size_t row = 0; row < batch_.rows(); ++row) {
      for (std::size_t k = 0; k < tensor_.width; ++k, at += size) {
        BASCULE_CHECK_OK(take(row, k, at));
      }
    }
    return {};
  }

 private:
  std::size_t column_of(std::size_t k) const noexcept {
    return tensor_.columns[tensor_.columns.size() == 1 ? 0 : k];
  }
  void mark(std::size_t row, std::size_t column, std::string_view code, std::string message) {
    batch_.mark_bad(row, {std::string(code), batch_.columns()[column].name, std::move(message)});
  }

  Status take(std::size_t row, std::size_t k, const char* at) {
    const std::size_t column = column_of(k);
    if (tensor_.type == OipType::kBool) {
      const auto byte = load<std::uint8_t>(at);
      if (byte > 1) {
        return fail(Code::kInvalid, "input '{}': a BOOL is 0 or 1, not {}", tensor_.name, byte);
      }
      batch_.set_boolean(row, column, byte == 1);
      return {};
    }
    take_number(row, column, k, value_at(tensor_.type, at));
    return {};
  }

  void take_number(std::size_t row, std::size_t column, std::size_t k, const Value& value) {
    const Column& wanted = batch_.columns()[column];
    if (std::isnan(value.number) && !wanted.nullable) {
      return mark(row, column, "null",
                  fmt::format("column '{}' is NaN; the model was fitted without missing values "
                              "there",
                              wanted.name));
    }
    if (wanted.type.kind == ColumnKind::kMatrix) {
      batch_.set_matrix(row, column)[k] = value.number;
    } else if (std::isnan(value.number)) {
      batch_.set_null(row, column);
    } else if (wanted.type.kind == ColumnKind::kInteger) {
      take_integer(row, column, value);
    } else if (wanted.type.kind == ColumnKind::kNumber32) {
      const auto single = static_cast<float>(value.number);
      if (std::isinf(single) && !std::isinf(value.number)) {
        return mark(row, column, "out_of_range",
                    fmt::format("column '{}': {} is out of the range of a float32 number",
                                wanted.name, value.number));
      }
      batch_.set_number32(row, column, single);
    } else {
      batch_.set_number(row, column, value.number);
    }
  }

  void take_integer(std::size_t row, std::size_t column, const Value& value) {
    constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
    if (value.integer) {
      batch_.set_integer(row, column, *value.integer);
    } else if (!value.whole_type && std::trunc(value.number) != value.number) {
      mark(row, column, "wrong_type",
           fmt::format("column '{}' must be a whole number, not {}", batch_.columns()[column].name,
                       value.number));
    } else if (value.whole_type || std::abs(value.number) >= kExactIntegers) {
      mark(row, column, "out_of_range",
           fmt::format("column '{}': {} is out of the range of a whole number of 64 bits",
                       batch_.columns()[column].name, value.number));
    } else {
      batch_.set_integer(row, column, static_cast<std::int64_t>(value.number));
    }
  }

  Status fill_texts() {
    std::string_view rest = tensor_.bytes;
    for (std::size_t i = 0; i < batch_.rows() * tensor_.width; ++i) {
      const char* at = rest.data();
      const std::size_t size = rest.size() < kLengthBytes ? 0 : load<std::uint32_t>(at);
      if (rest.size() < kLengthBytes || size > rest.size() - kLengthBytes) {
        return fail(Code::kInvalid, "input '{}': its bytes end inside of element {}", tensor_.name,
                    i);
      }
      take_text(i / tensor_.width, column_of(i % tensor_.width), rest.substr(kLengthBytes, size));
      rest.remove_prefix(kLengthBytes + size);
    }
    if (!rest.empty()) {
      return fail(Code::kInvalid, "input '{}' has {} bytes behind its last element", tensor_.name,
                  rest.size());
    }
    return {};
  }

  void take_text(std::size_t row, std::size_t column, std::string_view text) {
    const std::string& name = batch_.columns()[column].name;
    if (!is_utf8(text)) {
      mark(row, column, "invalid", fmt::format("column '{}' is not UTF-8", name));
    } else if (text.size() > limits::kStringBytes) {
      mark(row, column, "too_long",
           fmt::format("column '{}' has {} bytes; at most {} are taken", name, text.size(),
                       limits::kStringBytes));
    } else {
      batch_.set_string(row, column, text);
    }
  }

  const BinaryTensor& tensor_;
  RowBatch& batch_;
};

void append_label(std::string& out, const Label& label, OipType type) {
  double number = 0;
  if (type == OipType::kInt64 && label.integer() != nullptr) {
    append_raw(out, *label.integer());
  } else if (type == OipType::kBool && label.boolean() != nullptr) {
    append_raw(out, static_cast<std::uint8_t>(*label.boolean() ? 1 : 0));
  } else if (type == OipType::kFp64 && label.number(number)) {
    append_raw(out, number);
  } else {
    std::string text;
    if (const auto* string = label.string()) {
      text = *string;
    } else {
      JsonWriter json(text);
      write_label(json, label);
    }
    append_raw(out, static_cast<std::uint32_t>(text.size()));
    out += text;
  }
}

}  // namespace

Status read_binary(const BinaryTensor& tensor, RowBatch& batch) {
  return Filler(tensor, batch).fill();
}

void append_binary(std::string& out, const Output& output, const ScoredOutput& scored,
                   std::size_t cells) {
  const OipType type = oip_type_of(output);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    if (output.type == OutputType::kNumber) {
      append_raw(out, scored.numbers[cell]);
    } else if (output.type == OutputType::kLabel && !output.labels.empty()) {
      append_label(out, output.labels[static_cast<std::size_t>(scored.integers[cell])], type);
    } else {
      append_raw(out, scored.integers[cell]);
    }
  }
}

}  // namespace bascule
