// weighted_median: of a row's numbers the first, in order of size, at which the weights of those so
// far reach half of all weights.
//
// As AdaBoostRegressor takes it: the weights are added in the order of the sorted numbers, equal
// ones in column order, and the half is taken of that sum.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class WeightedMedian final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto weights, spec.floats("weights", width));
    spec.output(ValueType{ValueKind::kF64, 1});
    return std::make_unique<WeightedMedian>(weights);
  }

  explicit WeightedMedian(std::span<const double> weights) : weights_(weights) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    std::uint32_t* order = scratch.words(weights_.size());
    const double* x = in[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += weights_.size()) {
      if (order == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      out[0].f64()[row] = median(x, std::span(order, weights_.size()));
    }
  }

 private:
  double median(const double* x, std::span<std::uint32_t> order) const noexcept {
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [x](std::uint32_t a, std::uint32_t b) {
      return before(x[a], x[b]) || (!before(x[b], x[a]) && a < b);
    });
    double all = 0;
    for (const auto column : order) {
      all += weights_[column];
    }
    double sum = 0;
    for (const auto column : order) {
      sum += weights_[column];
      if (sum >= 0.5 * all) {
        return x[column];
      }
    }
    return x[order.front()];
  }

  // NaN after every number.
  static bool before(double a, double b) noexcept {
    return a < b || (std::isnan(b) && !std::isnan(a));
  }

  std::span<const double> weights_;  // [width], borrowed from the package
};
}  // namespace

extern const OpDef op_weighted_median{
    .name = "weighted_median", .version = 1, .load = WeightedMedian::load};
}  // namespace bascule
