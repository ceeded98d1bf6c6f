// Integers of a tensor, of whatever type they are stored in, one after the other in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/result.h"
#include "package/package.h"

namespace bascule {

template <typename T, typename Visit>
Status visit_elements(const Tensor& tensor, std::int64_t low, std::int64_t high, Visit&& visit) {
  // The package starts every tensor at a multiple of 64 bytes.
  const std::span values(reinterpret_cast<const T*>(tensor.bytes.data()),
                         static_cast<std::size_t>(tensor.count()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T value = values[i];
    if (std::cmp_less(value, low) || std::cmp_greater(value, high)) {
      return fail(Code::kInvalid, "tensor '{}' has {} at position {}, expected {} to {}",
                  tensor.name, value, i, low, high);
    }
    visit(static_cast<std::int64_t>(value));
  }
  return {};
}

// Calls visit(value) for each element in order. An error names the tensor and the first element
// that is outside of [low, high]; those before it were visited.
template <typename Visit>
Status visit_integers(const Tensor& tensor, std::int64_t low, std::int64_t high, Visit&& visit) {
  switch (tensor.dtype) {
    case DType::kU8:
      return visit_elements<std::uint8_t>(tensor, low, high, visit);
    case DType::kI8:
      return visit_elements<std::int8_t>(tensor, low, high, visit);
    case DType::kU16:
      return visit_elements<std::uint16_t>(tensor, low, high, visit);
    case DType::kI16:
      return visit_elements<std::int16_t>(tensor, low, high, visit);
    case DType::kU32:
      return visit_elements<std::uint32_t>(tensor, low, high, visit);
    case DType::kI32:
      return visit_elements<std::int32_t>(tensor, low, high, visit);
    case DType::kU64:
      return visit_elements<std::uint64_t>(tensor, low, high, visit);
    case DType::kI64:
      return visit_elements<std::int64_t>(tensor, low, high, visit);
    case DType::kBool:
    case DType::kF32:
    case DType::kF64:
      break;
  }
  return fail(Code::kInvalid, "tensor '{}' is {}, expected integers", tensor.name,
              dtype_name(tensor.dtype));
}

}  // namespace bascule
