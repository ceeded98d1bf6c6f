// The loops of order.h. Each kernel file includes this once and gets its own copy, compiled for its
// own processor: that is why the namespace has no name. `Lanes` is a register of std::int32_t.
#pragma once

#include "engine/kernels/order.h"

namespace bascule {
namespace {

// For `kVectors` registers of columns from `columns` on, how many of `all` [count] are smaller.
template <typename Lanes, std::size_t kVectors>
[[gnu::always_inline]] inline void rank(const std::int32_t* columns, const std::int32_t* all,
                                        std::size_t count, std::int32_t* ranks) {
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(std::int32_t);
  Lanes own[kVectors];
  Lanes smaller[kVectors] = {};
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    own[v] = *reinterpret_cast<const Lanes*>(columns + v * kLanes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Lanes other = all[i] - Lanes{};
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      smaller[v] -= (Lanes)(other < own[v]);  // an answer is -1
    }
  }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) {
    *reinterpret_cast<Lanes*>(ranks + v * kLanes) = smaller[v];
  }
}

template <typename Lanes>
std::size_t distinct(std::int32_t* columns, std::size_t count, std::uint32_t* counts) noexcept {
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(std::int32_t);
  constexpr std::size_t kVectors = 4;
  static_assert(kOrderMost % (kVectors * kLanes) == 0);
  std::int32_t copy[kOrderMost];
  std::int32_t ranks[kOrderMost];
  for (std::size_t i = 0; i < count; ++i) {
    copy[i] = columns[i];
    counts[i] = 0;
  }
  for (std::size_t i = count; i % kLanes != 0; ++i) {
    copy[i] = 0;
  }
  std::size_t first = 0;
  for (; first + (kVectors - 1) * kLanes < count; first += kVectors * kLanes) {
    rank<Lanes, kVectors>(copy + first, copy, count, ranks + first);
  }
  for (; first < count; first += kLanes) {
    rank<Lanes, 1>(copy + first, copy, count, ranks + first);
  }
  // Equal ones have one place, and the next distinct one stands as many behind it as they are.
  for (std::size_t i = 0; i < count; ++i) {
    columns[ranks[i]] = copy[i];
    ++counts[ranks[i]];
  }
  std::size_t found = 0;
  for (std::size_t at = 0; at < count; ++found) {
    columns[found] = columns[at];
    const std::uint32_t times = counts[at];
    counts[found] = times;
    at += times;
  }
  return found;
}

}  // namespace
}  // namespace bascule
