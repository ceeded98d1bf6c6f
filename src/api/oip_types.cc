#include "api/oip_types.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bascule {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 13> kNames{"BOOL",  "INT8",   "INT16",  "INT32",  "INT64",
                                                  "UINT8", "UINT16", "UINT32", "UINT64", "FP16",
                                                  "FP32",  "FP64",   "BYTES"};

bool is_numeric(OipType type) noexcept {
  return type != OipType::kBool && type != OipType::kBytes;
}

// The number of value bits of an integer type, and whether it has a sign; 0 for others.
struct Whole {
  int bits = 0;
  bool negative = false;
};

Whole whole_of(OipType type) noexcept {
  switch (type) {
    case OipType::kInt8:
      return {7, true};
    case OipType::kInt16:
      return {15, true};
    case OipType::kInt32:
      return {31, true};
    case OipType::kInt64:
      return {63, true};
    case OipType::kUint8:
      return {8, false};
    case OipType::kUint16:
      return {16, false};
    case OipType::kUint32:
      return {32, false};
    case OipType::kUint64:
      return {64, false};
    default:
      return {};
  }
}

OipType label_type(const Label& label) noexcept {
  if (label.integer() != nullptr) {
    return OipType::kInt64;
  }
  if (label.boolean() != nullptr) {
    return OipType::kBool;
  }
  double number = 0;
  return label.number(number) ? OipType::kFp64 : OipType::kBytes;
}

}  // namespace

std::string_view oip_type_name(OipType type) noexcept {
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<OipType> parse_oip_type(std::string_view name) noexcept {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<OipType>(at - kNames.begin());
}

OipType oip_type_of(ColumnType type) noexcept {
  switch (type.kind) {
    case ColumnKind::kNumber32:
      return OipType::kFp32;
    case ColumnKind::kInteger:
      return OipType::kInt64;
    case ColumnKind::kBoolean:
      return OipType::kBool;
    case ColumnKind::kNumber:
    case ColumnKind::kMatrix:
    case ColumnKind::kSparse:
      return OipType::kFp64;
    case ColumnKind::kString:
    case ColumnKind::kDatetime:
    case ColumnKind::kTokens:
    case ColumnKind::kDict:
      break;
  }
  return OipType::kBytes;
}

OipType oip_type_of(const Output& output) noexcept {
  if (output.type == OutputType::kNumber) {
    return OipType::kFp64;
  }
  if (output.type == OutputType::kInteger || output.labels.empty()) {
    return OipType::kInt64;
  }
  const OipType first = label_type(output.labels.front());
  const bool same = std::all_of(output.labels.begin(), output.labels.end(),
                                [&](const Label& label) { return label_type(label) == first; });
  return same ? first : OipType::kBytes;
}

bool oip_accepts(ColumnType column, OipType sent) noexcept {
  switch (column.kind) {
    case ColumnKind::kNumber:
    case ColumnKind::kNumber32:
    case ColumnKind::kInteger:
    case ColumnKind::kMatrix:
      return is_numeric(sent);
    case ColumnKind::kBoolean:
      return sent == OipType::kBool;
    case ColumnKind::kString:
      return sent == OipType::kBytes;
    case ColumnKind::kDatetime:
    case ColumnKind::kSparse:
    case ColumnKind::kTokens:
    case ColumnKind::kDict:
      break;
  }
  return false;
}

bool oip_holds(OipType type, double value) noexcept {
  if (type == OipType::kFp32) {
    return std::isfinite(static_cast<float>(value));
  }
  const Whole whole = whole_of(type);
  if (whole.bits == 0) {
    return true;
  }
  const double beyond = std::ldexp(1.0, whole.bits);
  return std::trunc(value) == value && value < beyond && value >= (whole.negative ? -beyond : 0.0);
}

}  // namespace bascule
