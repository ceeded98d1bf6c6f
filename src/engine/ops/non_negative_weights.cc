// non_negative_weights: per row the weights, none below 0, whose sum of components is nearest.
//
// Coordinate descent from 0, component by component in their order, until a round moves the
// weights by no more than `tolerance` of the first one's. In the order of sklearn's
// _update_cdnmf_fast, of one row alone: scikit-learn stops all rows of a batch together, so that
// its own answer for a row depends on the others. Tier T2, row by row.
#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::int64_t kMostIterations = 1'000'000;

class NonNegativeWeights final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto count, spec.same_width_f64());
    BASCULE_TRY(const auto gram, spec.matrix("gram", count, count));
    BASCULE_TRY(const auto tolerance, spec.number("tolerance"));
    BASCULE_TRY(const auto iterations, spec.integer("iterations", 0, kMostIterations));
    return std::make_unique<NonNegativeWeights>(gram, tolerance, iterations);
  }

  NonNegativeWeights(std::span<const double> gram, double tolerance, std::int64_t iterations)
      : gram_(gram), tolerance_(tolerance), iterations_(iterations) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t count = out[0].width();
    const double* x = in[0].f64();
    double* w = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += count, w += count) {
      std::fill_n(w, count, 0.0);
      double first = 0;
      for (std::int64_t i = 0; i < iterations_; ++i) {
        const double violation = round(x, w, count);
        first = i == 0 ? violation : first;
        if (first == 0 || violation / first <= tolerance_) {
          break;
        }
      }
    }
  }

 private:
  // Every weight once; by how much the optimum's conditions were violated.
  double round(const double* x, double* w, std::size_t count) const noexcept {
    double violation = 0;
    for (std::size_t t = 0; t < count; ++t) {
      const double* gram = gram_.data() + t * count;
      double gradient = -x[t];
      for (std::size_t r = 0; r < count; ++r) {
        gradient += gram[r] * w[r];
      }
      violation += std::fabs(w[t] == 0 ? std::min(0.0, gradient) : gradient);
      if (gram[t] != 0) {
        w[t] = std::max(w[t] - gradient / gram[t], 0.0);
      }
    }
    return violation;
  }

  std::span<const double> gram_;  // [count, count], borrowed from the package
  double tolerance_;
  std::int64_t iterations_;
};
}  // namespace

extern const OpDef op_non_negative_weights{
    .name = "non_negative_weights", .version = 1, .load = NonNegativeWeights::load};
}  // namespace bascule
