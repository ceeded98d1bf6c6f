// pairwise_kernel: one column per stored point: a function of the row's distance to it, or of
// their dot product.
//
// Sums go over the columns of the model in ascending order, each point's by itself, so that a row
// alone and in a block has the same bits. That is libsvm's order for sparse rows; BLAS and scipy
// have orders of their own for dense ones: tier T1. "expanded" is |x|^2 - 2 x.p + |p|^2, never
// below 0, as sklearn.metrics.pairwise computes it: near a point it is not the same number.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/kernel_function.h"
#include "engine/nan_wins.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/points.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 6> kDistances{"dot",      "squared",   "euclidean",
                                                     "expanded", "manhattan", "chi2"};
enum class Distance : std::uint8_t { kDot, kSquared, kEuclidean, kExpanded, kManhattan, kChi2 };

class PairwiseKernel final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto distance, spec.choice("distance", kDistances));
    BASCULE_TRY(const auto function, KernelFunction::load(spec));
    BASCULE_TRY(auto points, Points::load(spec));
    const auto how = static_cast<Distance>(distance);
    if (how == Distance::kChi2 && points.sparse()) {
      return spec.error("attribute 'distance' is 'chi2', which sparse rows do not have");
    }
    spec.output(ValueType{ValueKind::kF64, points.count()});
    return std::make_unique<PairwiseKernel>(how, function, std::move(points));
  }

  PairwiseKernel(Distance distance, KernelFunction function, Points points)
      : distance_(distance), function_(function), points_(std::move(points)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    double* y = out[0].f64();
    measure(rows, in[0], y);
    function_.apply(y, rows * points_.count());
  }

 private:
  void measure(std::size_t rows, const View& in, double* y) const noexcept {
    const std::size_t cells = rows * points_.count();
    switch (distance_) {
      case Distance::kDot:
        return points_.add_products(rows, in, y);
      case Distance::kSquared:
        return points_.add_squares(rows, in, y);
      case Distance::kEuclidean:
        points_.add_squares(rows, in, y);
        std::transform(y, y + cells, y, [](double d) noexcept { return std::sqrt(d); });
        return;
      case Distance::kExpanded:
        points_.add_products(rows, in, y);
        for (std::size_t row = 0; row < rows; ++row, y += points_.count()) {
          expand(squared_norm(in, row), y);
        }
        return;
      case Distance::kManhattan:
        return points_.add_gaps(rows, in, y);
      case Distance::kChi2:
        points_.add_squares_by_mean(rows, in, y);
        std::transform(y, y + cells, y, std::negate());
        return;
    }
  }

  void expand(double norm, double* y) const noexcept {
    for (std::size_t i = 0; i < points_.count(); ++i) {
      y[i] = larger(-2 * y[i] + norm + points_.squared_norms()[i], 0.0);
    }
  }

  Distance distance_;
  KernelFunction function_;
  Points points_;
};
}  // namespace

extern const OpDef op_pairwise_kernel{
    .name = "pairwise_kernel", .version = 1, .load = PairwiseKernel::load};
}  // namespace bascule
