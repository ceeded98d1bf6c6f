// Pairs of classes: (0, 1), (0, 2), ... (1, 2), ...: the order of one-against-one decisions.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "engine/op_spec.h"

namespace bascule {

// f(pair, i, j) for every pair i < j of `classes`.
template <typename F>
void each_pair(std::size_t classes, F f) noexcept {
  std::size_t pair = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) {
      f(pair++, i, j);
    }
  }
}

// How many classes the operator's one input, a float64 column per pair, decides between.
inline Result<std::size_t> paired_classes(OpSpec& spec) {
  BASCULE_CHECK_OK(spec.expect_inputs(1));
  BASCULE_TRY(const auto pairs, spec.input(0, ValueKind::kF64));
  std::size_t classes = 2;
  while (classes * (classes - 1) / 2 < pairs) {
    ++classes;
  }
  if (classes * (classes - 1) / 2 != pairs) {
    return spec.error("the input has {} columns, expected one per pair of classes", pairs);
  }
  return classes;
}

}  // namespace bascule
