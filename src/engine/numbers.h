// Numbers of a tensor where they stand in the package, in whatever type they are stored.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "package/package.h"

namespace bascule {

// A float64 or float32 tensor, read as double.
class Floats {
 public:
  Floats() = default;
  explicit Floats(const Tensor& tensor) noexcept;
  std::size_t size() const noexcept { return size_; }
  bool is_f32() const noexcept { return f32_ != nullptr; }
  double operator[](std::size_t i) const noexcept {
    return f32_ != nullptr ? static_cast<double>(f32_[i]) : f64_[i];
  }
  // Elements from `first` on.
  void copy(std::size_t first, std::span<double> out) const noexcept;

 private:
  const double* f64_ = nullptr;
  const float* f32_ = nullptr;
  std::size_t size_ = 0;
};

// A tensor of integers that fit std::int64_t.
class Integers {
  template <typename Use>
  auto with_elements(Use&& use) const noexcept {
    switch (dtype_) {
      case DType::kU8:
        return use(reinterpret_cast<const std::uint8_t*>(data_));
      case DType::kI8:
        return use(reinterpret_cast<const std::int8_t*>(data_));
      case DType::kU16:
        return use(reinterpret_cast<const std::uint16_t*>(data_));
      case DType::kI16:
        return use(reinterpret_cast<const std::int16_t*>(data_));
      case DType::kU32:
        return use(reinterpret_cast<const std::uint32_t*>(data_));
      case DType::kI32:
        return use(reinterpret_cast<const std::int32_t*>(data_));
      default:
        return use(reinterpret_cast<const std::int64_t*>(data_));
    }
  }

 public:
  Integers() = default;
  explicit Integers(const Tensor& tensor) noexcept;
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::int64_t operator[](std::size_t i) const noexcept {
    return with_elements([i](const auto* at) { return static_cast<std::int64_t>(at[i]); });
  }
  // Elements from `first` on, which must fit `T`.
  template <typename T>
  void copy(std::size_t first, std::span<T> out) const noexcept {
    with_elements([&](const auto* at) {
      std::transform(at + first, at + first + out.size(), out.begin(),
                     [](auto value) { return static_cast<T>(value); });
    });
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  DType dtype_ = DType::kI64;
};

}  // namespace bascule
