// Small columns of a row, put in order and counted: what a text's words are once they are found.
//
// A column's place is how many are smaller. That is n^2 comparisons and not one branch that a
// processor could guess wrong, of which a sort of 50 has a hundred. Files per processor see plain
// data and include nothing with inline code of the library (docs/engine.md, "Processors").
#pragma once

#include <cstddef>
#include <cstdint>

namespace bascule {

inline constexpr std::size_t kOrderMost = 128;  // columns: of more, a radix sort is faster

struct OrderKernels {
  // Writes the distinct ones of `columns` [count], count <= kOrderMost, in ascending order to
  // `columns`, and to `counts` [kOrderMost] how often each stood there; returns how many they are.
  // Columns are below 2^31.
  std::size_t (*distinct)(std::int32_t* columns, std::size_t count, std::uint32_t* counts) noexcept;
};
extern const OrderKernels kOrderKernelsBaseline;
extern const OrderKernels kOrderKernelsAvx2;

}  // namespace bascule
