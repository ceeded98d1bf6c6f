#include <array>

#include "base/assert.h"
#include "package/package.h"

namespace bascule {
namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};

// In the order of the enumeration; the names are those of safetensors.
constexpr std::array kEntries{
    Entry{DType::kBool, "BOOL", 1}, Entry{DType::kU8, "U8", 1},   Entry{DType::kI8, "I8", 1},
    Entry{DType::kU16, "U16", 2},   Entry{DType::kI16, "I16", 2}, Entry{DType::kU32, "U32", 4},
    Entry{DType::kI32, "I32", 4},   Entry{DType::kU64, "U64", 8}, Entry{DType::kI64, "I64", 8},
    Entry{DType::kF32, "F32", 4},   Entry{DType::kF64, "F64", 8},
};

const Entry& entry(DType dtype) noexcept {
  const auto index = static_cast<std::size_t>(dtype);
  BASCULE_ASSERT(index < kEntries.size() && kEntries[index].dtype == dtype);
  return kEntries[index];
}

}  // namespace

std::size_t dtype_bytes(DType dtype) noexcept {
  return entry(dtype).bytes;
}
std::string_view dtype_name(DType dtype) noexcept {
  return entry(dtype).name;
}

std::optional<DType> parse_dtype(std::string_view name) noexcept {
  for (const auto& candidate : kEntries) {
    if (candidate.name == name) {
      return candidate.dtype;
    }
  }
  return std::nullopt;
}

}  // namespace bascule
