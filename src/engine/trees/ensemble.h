// A tree ensemble as the engine holds it: validated, and the same for every kernel.
//
// The neutral form of docs/operators.md ("tree_ensemble"), where it stands in the package. Every
// kernel builds its own layout from it, and must give the bits of `walk_kernel`. What makes parity
// exact: splits decide as engine/trees/splits.h tells; x is rounded to float32 first when the
// library did; leaves are added tree by tree in the library's order, in its type.
// Threads: immutable once loaded.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/numbers.h"
#include "engine/trees/splits.h"

namespace bascule {
class OpSpec;  // engine/op_spec.h

// Leaves that are linear models: a constant, and weights of columns.
struct LinearLeaves {
  std::vector<std::uint32_t> start;   // [leaves + 1] into the terms; empty: there are none
  std::vector<std::uint32_t> column;  // [terms]
  std::span<const double> weight;     // [terms]
  std::span<const double> constant;   // [leaves]

  bool empty() const noexcept { return start.empty(); }

  // The constant, then the products in their order; `otherwise` when one of the columns is NaN.
  // `Input` is what x is rounded to.
  template <typename Input>
  double value(std::size_t leaf, const double* x, double otherwise) const noexcept {
    double sum = constant[leaf];
    for (std::uint32_t term = start[leaf]; term < start[leaf + 1]; ++term) {
      const double cell = static_cast<Input>(x[column[term]]);
      if (std::isnan(cell)) {
        return otherwise;
      }
      sum += weight[term] * cell;
    }
    return sum;
  }
};

struct Ensemble {
  std::shared_ptr<const Splits> splits;
  std::size_t features = 0;
  std::size_t outputs = 1;
  std::vector<std::uint32_t> tree_output;  // [trees]: the column a tree adds to; empty: all columns
  Floats leaf;                             // [leaves, outputs], or [leaves, 1] with tree_output
  LinearLeaves linear;                     // of one column
  std::span<const double> base;            // [outputs]: where sums start, unless a row says it
  bool float32_input = false;
  bool float32_sum = false;
  double divide_by = 1;

  std::size_t trees() const noexcept { return splits->trees(); }
  std::size_t leaf_width() const noexcept { return tree_output.empty() ? outputs : 1; }

  // Reads and checks every tensor of the node.
  static Result<Ensemble> load(OpSpec& spec, std::size_t features);
};

// The attribute `input` of operators that walk trees: whether x is rounded to float32 first.
Result<bool> has_float32_input(OpSpec& spec);

}  // namespace bascule
