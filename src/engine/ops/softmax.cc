// softmax: out = exp(in - max) / sum, per row.
//
// In the order of sklearn.utils.extmath.softmax: subtract the largest, exp, add from the left,
// divide. numpy adds pairwise and has its own exp: tier T1.
#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Softmax final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    return std::make_unique<Softmax>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double largest = *std::max_element(x, x + width);
      double sum = 0;
      for (std::size_t col = 0; col < width; ++col) {
        y[col] = std::exp(x[col] - largest);
        sum += y[col];
      }
      for (std::size_t col = 0; col < width; ++col) {
        y[col] /= sum;
      }
    }
  }
};
}  // namespace

extern const OpDef op_softmax{.name = "softmax", .version = 1, .load = Softmax::load};
}  // namespace bascule
