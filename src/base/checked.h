// Checked arithmetic: the one place where sizes that came from outside are added and multiplied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace bascule {

// The sum or the product, or nothing when it does not fit.
constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t out = 0;
  if (__builtin_add_overflow(a, b, &out)) {
    return std::nullopt;
  }
  return out;
}

constexpr std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t out = 0;
  if (__builtin_mul_overflow(a, b, &out)) {
    return std::nullopt;
  }
  return out;
}

// The number of elements of a shape; 1 for the empty shape.
constexpr std::optional<std::uint64_t> checked_product(
    std::span<const std::uint64_t> shape) noexcept {
  std::uint64_t out = 1;
  for (const auto size : shape) {
    if (__builtin_mul_overflow(out, size, &out)) {
      return std::nullopt;
    }
  }
  return out;
}

// The next multiple of `step`, a power of two.
constexpr std::optional<std::uint64_t> checked_round_up(std::uint64_t value,
                                                        std::uint64_t step) noexcept {
  const auto sum = checked_add(value, step - 1);
  if (!sum) {
    return std::nullopt;
  }
  return *sum & ~(step - 1);
}

}  // namespace bascule
