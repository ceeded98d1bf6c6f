// vote: how many pairs each class wins. A pair's first class wins above 0, with `draws` also at 0
// (and where there is no number); else its second.
//
// libsvm gives a 0 to the second class; scikit-learn's decision_function to the first.
#include <algorithm>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/pairs.h"

namespace bascule {
namespace {
class Vote final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto classes, paired_classes(spec));
    BASCULE_TRY(const auto draws, spec.boolean("draws", false));
    spec.output(ValueType{ValueKind::kF64, classes});
    return std::make_unique<Vote>(draws);
  }

  explicit Vote(bool draws) : draws_(draws) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t classes = out[0].width();
    const double* x = in[0].f64();
    double* votes = out[0].f64();
    std::fill_n(votes, rows * classes, 0.0);
    for (std::size_t row = 0; row < rows; ++row, x += in[0].width(), votes += classes) {
      each_pair(classes, [&](std::size_t pair, std::size_t i, std::size_t j) noexcept {
        const bool first = draws_ ? !(x[pair] < 0) : x[pair] > 0;
        votes[first ? i : j] += 1;
      });
    }
  }

 private:
  bool draws_;
};
}  // namespace

extern const OpDef op_vote{.name = "vote", .version = 1, .load = Vote::load};
}  // namespace bascule
