// Steps and what the kernels of a level read of them: operands filled up to whole registers.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/elementwise.h"
#include "engine/kernels/cells.h"

namespace bascule {

// `numbers` up to a multiple of `to`, the rest being `with`.
inline std::vector<double> filled_up(std::span<const double> numbers, std::size_t to, double with) {
  std::vector<double> filled(numbers.begin(), numbers.end());
  filled.resize((numbers.size() + to - 1) / to * to, with);
  return filled;
}

class KernelSteps {
 public:
  // Its operand is filled up to a multiple of `to`.
  void add(const ElementwiseStep& step, std::size_t to) {
    const double rest = step.what == Elementwise::kDivide ? 1 : 0;
    auto& operand = operands_.emplace_back(filled_up(step.operand, to, rest));
    steps_.push_back(cell_step({step.what, operand, step.check}));
  }
  const CellStep* data() const noexcept { return steps_.data(); }
  std::size_t size() const noexcept { return steps_.size(); }

 private:
  std::vector<CellStep> steps_;
  std::vector<std::vector<double>> operands_;
};

}  // namespace bascule
