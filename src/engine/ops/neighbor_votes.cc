// neighbor_votes: the share of each class among the row's neighbours.
//
// Weights are added neighbour by neighbour, from the nearest, then divided by their sum. A row
// without neighbours gets `otherwise`, or is refused when there is none; one whose neighbours are
// all infinitely far is refused.

#include <algorithm>
#include <array>

#include "engine/neighbors/found.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 2> kWeights{"uniform", "distance"};

class NeighborVotes final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto classes,
                spec.integer("classes", 1, static_cast<std::int64_t>(limits::kDenseWidth)));
    BASCULE_TRY(auto labels, spec.integers("labels", OpSpec::kAny, 0, classes - 1));
    BASCULE_CHECK_OK(expect_found(spec, labels.size()));
    BASCULE_TRY(const auto weigh, spec.choice("weights", kWeights));
    const auto width = static_cast<std::size_t>(classes);
    std::span<const double> otherwise;
    if (spec.has_tensor("otherwise")) {
      BASCULE_TRY(otherwise, spec.floats("otherwise", width));
    }
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<NeighborVotes>(std::move(labels), static_cast<Weigh>(weigh), otherwise);
  }

  NeighborVotes(std::vector<std::int64_t> labels, Weigh weigh, std::span<const double> otherwise)
      : labels_(std::move(labels)), weigh_(weigh), otherwise_(otherwise) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    double* y = out[0].f64();
    std::fill_n(y, rows * width, 0.0);
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      const FoundRow found(in[0], row, labels_.size());
      if (found.count() == 0) {
        if (otherwise_.empty()) {
          refused.mark(row, RowCode::kNoNeighbors);
        }
        std::ranges::copy(otherwise_, y);
        continue;
      }
      found.each(weigh_, [&](std::size_t at, double weight) {
        y[static_cast<std::size_t>(labels_[at])] += weight;
      });
      double sum = 0;
      for (std::size_t i = 0; i < width; ++i) {
        sum += y[i];
      }
      if (sum == 0) {
        refused.mark(row, RowCode::kNoNeighbors);
      }
      for (std::size_t i = 0; i < width; ++i) {
        y[i] /= sum;
      }
    }
  }

 private:
  std::vector<std::int64_t> labels_;  // [points]: the class of each, less than the output's width
  Weigh weigh_;
  std::span<const double> otherwise_;  // [classes] or empty, borrowed from the package
};
}  // namespace

extern const OpDef op_neighbor_votes{
    .name = "neighbor_votes", .version = 1, .load = NeighborVotes::load};
}  // namespace bascule
