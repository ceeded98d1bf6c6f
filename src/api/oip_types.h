// The datatypes of the Open Inference Protocol, and how columns and outputs map to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "package/manifest.h"

namespace bascule {

enum class OipType : std::uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFp16,
  kFp32,
  kFp64,
  kBytes,
};

std::string_view oip_type_name(OipType type) noexcept;
std::optional<OipType> parse_oip_type(std::string_view name) noexcept;

// The datatype that the metadata gives for a column, or for an output.
OipType oip_type_of(ColumnType type) noexcept;
OipType oip_type_of(const Output& output) noexcept;

// Whether a tensor of `sent` may fill a column of that kind: any numeric type a number, whole types
// and floats an integer (7.0 is seven), BOOL a boolean, BYTES a string.
bool oip_accepts(ColumnType column, OipType sent) noexcept;

// Whether the finite `value` is within the type's range, and whole where the type is. FP32 rounds.
bool oip_holds(OipType type, double value) noexcept;

}  // namespace bascule
