// log_sum_exp: log(exp(x0) + exp(x1) + ...) of a row, without overflow.
//
// In scikit-learn's order (sklearn.utils._array_api._logsumexp): the largest, m of them, stand
// aside; log1p(sum of exp(x - largest) over the others / m) + log(m) + largest. numpy adds in an
// order of its own: tier T1.
#include <cmath>

#include "engine/nan_wins.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
double log_sum_exp(std::span<const double> x) noexcept {
  double largest = x[0];
  for (const double cell : x) {
    largest = larger(largest, cell);
  }
  const double shift = std::isfinite(largest) ? largest : 0.0;
  double count = 0;
  double sum = 0;
  for (const double cell : x) {
    if (cell == largest) {
      count += 1;
    } else {
      sum += std::exp(cell - shift);
    }
  }
  if (sum != 0) {
    sum /= count;
  }
  return std::log1p(sum) + std::log(count) + largest;
}

class LogSumExp final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.input(0, ValueKind::kF64));
    spec.output(ValueType{ValueKind::kF64, 1});
    return std::make_unique<LogSumExp>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = in[0].width();
    for (std::size_t row = 0; row < rows; ++row) {
      out[0].f64()[row] = log_sum_exp(std::span(in[0].f64() + row * width, width));
    }
  }
};
}  // namespace

extern const OpDef op_log_sum_exp{.name = "log_sum_exp", .version = 1, .load = LogSumExp::load};
}  // namespace bascule
