#include "engine/numbers.h"

namespace bascule {

// The package starts every tensor at a multiple of 64 bytes.

Floats::Floats(const Tensor& tensor) noexcept : size_(static_cast<std::size_t>(tensor.count())) {
  if (tensor.dtype == DType::kF32) {
    f32_ = reinterpret_cast<const float*>(tensor.bytes.data());
  } else {
    f64_ = reinterpret_cast<const double*>(tensor.bytes.data());
  }
}

void Floats::copy(std::size_t first, std::span<double> out) const noexcept {
  if (f32_ != nullptr) {
    std::copy_n(f32_ + first, out.size(), out.begin());
  } else {
    std::copy_n(f64_ + first, out.size(), out.begin());
  }
}

Integers::Integers(const Tensor& tensor) noexcept
    : data_(tensor.bytes.data()),
      size_(static_cast<std::size_t>(tensor.count())),
      dtype_(tensor.dtype) {}

}  // namespace bascule
