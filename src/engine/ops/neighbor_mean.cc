// neighbor_mean: the weighted mean of what is stored for each of the row's neighbours.
//
// Terms are added neighbour by neighbour, then divided by the sum of the weights. A row without
// neighbours gets `otherwise`. numpy adds eight terms or more in an order of its own: tier T1.

#include <algorithm>
#include <array>

#include "engine/neighbors/found.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 2> kWeights{"uniform", "distance"};

class NeighborMean final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto otherwise, spec.floats("otherwise", OpSpec::kAny));
    const std::size_t width = otherwise.size();
    if (width == 0) {
      return spec.error("tensor 'otherwise' is empty, expected one number at least");
    }
    BASCULE_TRY(const auto values, spec.matrix("values", OpSpec::kAny, width));
    BASCULE_CHECK_OK(expect_found(spec, values.size() / width));
    BASCULE_TRY(const auto weigh, spec.choice("weights", kWeights));
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<NeighborMean>(values, static_cast<Weigh>(weigh), otherwise);
  }

  NeighborMean(std::span<const double> values, Weigh weigh, std::span<const double> otherwise)
      : values_(values), weigh_(weigh), otherwise_(otherwise) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = otherwise_.size();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      const FoundRow found(in[0], row, values_.size() / width);
      if (found.count() == 0) {
        std::ranges::copy(otherwise_, y);
        continue;
      }
      std::fill_n(y, width, 0.0);
      double sum = 0;
      found.each(weigh_, [&](std::size_t at, double weight) {
        sum += weight;
        for (std::size_t i = 0; i < width; ++i) {
          y[i] += values_[at * width + i] * weight;
        }
      });
      for (std::size_t i = 0; i < width; ++i) {
        y[i] /= sum;
      }
    }
  }

 private:
  std::span<const double> values_;  // [points, width], borrowed from the package
  Weigh weigh_;
  std::span<const double> otherwise_;  // [width], borrowed from the package
};
}  // namespace

extern const OpDef op_neighbor_mean{
    .name = "neighbor_mean", .version = 1, .load = NeighborMean::load};
}  // namespace bascule
