#include "engine/elementwise.h"

#include <cmath>
#include <vector>

namespace bascule {
namespace {
template <typename Cell>
void each_column(const ElementwiseStep& step, const double* in, double* out, std::size_t width,
                 Cell cell) noexcept {
  const double* operand = step.operand.data();
  for (std::size_t col = 0; col < width; ++col)
    out[col] = cell(in[col], operand[col]);
}

class FusedElementwise final : public Op {
 public:
  explicit FusedElementwise(std::vector<ElementwiseStep> steps) : steps_(std::move(steps)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double* source = x;
      for (const auto& step : steps_) {
        apply_elementwise(step, source, y, width);
        source = y;
      }
    }
  }

  std::span<const ElementwiseStep> elementwise() const noexcept override { return steps_; }

 private:
  std::vector<ElementwiseStep> steps_;
};
}  // namespace

void apply_elementwise(const ElementwiseStep& step, const double* in, double* out,
                       std::size_t width) noexcept {
  switch (step.what) {
    case Elementwise::kSubtract:
      return each_column(step, in, out, width, [](double x, double by) { return x - by; });
    case Elementwise::kAdd:
      return each_column(step, in, out, width, [](double x, double by) { return x + by; });
    case Elementwise::kMultiply:
      return each_column(step, in, out, width, [](double x, double by) { return x * by; });
    case Elementwise::kDivide:
      return each_column(step, in, out, width, [](double x, double by) { return x / by; });
    case Elementwise::kFillMissing:
      return each_column(step, in, out, width,
                         [](double x, double value) { return std::isnan(x) ? value : x; });
    case Elementwise::kAtLeast:
      return each_column(step, in, out, width,
                         [](double x, double low) { return x < low ? low : x; });
    case Elementwise::kAtMost:
      return each_column(step, in, out, width,
                         [](double x, double high) { return x > high ? high : x; });
  }
}

std::unique_ptr<Op> fuse(const Op& first, const Op& second) {
  std::vector<ElementwiseStep> steps(first.elementwise().begin(), first.elementwise().end());
  steps.insert(steps.end(), second.elementwise().begin(), second.elementwise().end());
  return std::make_unique<FusedElementwise>(std::move(steps));
}

}  // namespace bascule
