// Integers of a tensor, of whatever type they are stored in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/result.h"
#include "package/package.h"

namespace bascule {

template <typename T>
std::span<const T> integer_elements(const Tensor& tensor) noexcept {
  // The package starts every tensor at a multiple of 64 bytes.
  return {reinterpret_cast<const T*>(tensor.bytes.data()),
          static_cast<std::size_t>(tensor.count())};
}

template <typename T>
Status check_elements(const Tensor& tensor, std::int64_t low, std::int64_t high) {
  const auto outside = [=](T value) {
    return std::cmp_less(value, low) || std::cmp_greater(value, high);
  };
  const auto values = integer_elements<T>(tensor);
  bool any_outside = false;
  for (const T value : values) {
    any_outside |= outside(value);  // without a branch: almost every tensor is fine
  }
  if (!any_outside) {
    return {};
  }
  const auto first = std::ranges::find_if(values, outside);
  return fail(Code::kInvalid, "tensor '{}' has {} at position {}, expected {} to {}", tensor.name,
              *first, first - values.begin(), low, high);
}

// Calls use(T{}) with the type of the tensor's integers.
template <typename Use>
Status with_integer_type(const Tensor& tensor, Use&& use) {
  switch (tensor.dtype) {
    case DType::kU8:
      return use(std::uint8_t{});
    case DType::kI8:
      return use(std::int8_t{});
    case DType::kU16:
      return use(std::uint16_t{});
    case DType::kI16:
      return use(std::int16_t{});
    case DType::kU32:
      return use(std::uint32_t{});
    case DType::kI32:
      return use(std::int32_t{});
    case DType::kU64:
      return use(std::uint64_t{});
    case DType::kI64:
      return use(std::int64_t{});
    case DType::kBool:
    case DType::kF32:
    case DType::kF64:
      break;
  }
  return fail(Code::kInvalid, "tensor '{}' is {}, expected integers", tensor.name,
              dtype_name(tensor.dtype));
}

// An error names the tensor and the first element that is outside of [low, high].
inline Status check_integers(const Tensor& tensor, std::int64_t low, std::int64_t high) {
  return with_integer_type(tensor,
                           [&]<typename T>(T) { return check_elements<T>(tensor, low, high); });
}

// Calls visit(value) for each element in order, once all of them are known to be in [low, high].
template <typename Visit>
Status visit_integers(const Tensor& tensor, std::int64_t low, std::int64_t high, Visit&& visit) {
  return with_integer_type(tensor, [&]<typename T>(T) -> Status {
    BASCULE_CHECK_OK(check_elements<T>(tensor, low, high));
    for (const T value : integer_elements<T>(tensor)) {
      visit(static_cast<std::int64_t>(value));
    }
    return {};
  });
}

}  // namespace bascule
