// bspline: the basis functions of a spline at a number: de Boor, A Practical Guide to Splines
// (1978), chapter X, in the order of scipy.interpolate.BSpline.
//
// Beyond the knots the outermost polynomials go on. With `periodic` the number is first brought
// into the knots' range, as numpy.remainder does, and the last `degree` functions are added to the
// first. NaN gives NaN.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::size_t kMostDegree = 32;
using Values = std::array<double, kMostDegree + 1>;

// The remainder with the sign of `by`, which is positive.
double remainder_of(double x, double by) noexcept {
  const double found = std::fmod(x, by);
  if (found == 0) {
    return 0;
  }
  return found < 0 ? found + by : found;
}

class Bspline final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    BASCULE_TRY(const auto degree, spec.integer("degree", 0, kMostDegree));
    BASCULE_TRY(const auto periodic, spec.boolean("periodic", false));
    BASCULE_TRY(const auto all_terms, spec.boolean("all_terms", false));
    BASCULE_TRY(const auto knots, spec.floats("knots", OpSpec::kAny));
    const auto k = static_cast<std::size_t>(degree);
    if (knots.size() < 2 * k + 2) {
      return spec.error("tensor 'knots' has {} elements, expected at least {}", knots.size(),
                        2 * k + 2);
    }
    if (std::ranges::any_of(knots, [](double knot) { return !std::isfinite(knot); }) ||
        !std::ranges::is_sorted(knots)) {
      return spec.error("tensor 'knots' does not ascend");
    }
    const std::size_t functions = knots.size() - k - 1;
    const std::size_t width = periodic ? functions - k : functions;
    if (periodic && (width < k || !(knots[k] < knots[functions]))) {
      return spec.error("the {} knots are too few for a period of degree {}", knots.size(), k);
    }
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<Bspline>(knots, k, periodic, all_terms);
  }

  Bspline(std::span<const double> knots, std::size_t degree, bool periodic, bool all_terms)
      : knots_(knots), degree_(degree), periodic_(periodic), all_terms_(all_terms) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      const double at = periodic_ ? in_period(x[row]) : x[row];
      if (std::isnan(at)) {
        std::fill_n(y, width, std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      const std::size_t interval = interval_of(at);
      Values values;
      evaluate(at, interval, values);
      std::fill_n(y, width, all_terms_ ? sum_of_zeros(values) : 0.0);
      for (std::size_t i = 0; i <= degree_; ++i) {
        const std::size_t function = interval - degree_ + i;
        y[function < width ? function : function - width] += values[i];
      }
    }
  }

 private:
  std::size_t functions() const noexcept { return knots_.size() - degree_ - 1; }

  double in_period(double x) const noexcept {
    const double first = knots_[degree_];
    return first + remainder_of(x - first, knots_[functions()] - first);
  }

  // 0, or NaN when a value is not finite.
  double sum_of_zeros(const Values& values) const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i <= degree_; ++i) {
      sum += 0.0 * values[i];
    }
    return sum;
  }

  // The last interval that starts at or below x, among those that all functions of a point need.
  std::size_t interval_of(double x) const noexcept {
    const auto inner = knots_.subspan(degree_ + 1, functions() - degree_ - 1);
    const auto above = std::ranges::upper_bound(inner, x) - inner.begin();
    return degree_ + static_cast<std::size_t>(above);
  }

  // The functions interval - degree ... interval.
  void evaluate(double x, std::size_t interval, Values& values) const noexcept {
    values[0] = 1;
    for (std::size_t j = 1; j <= degree_; ++j) {
      Values before;
      std::copy_n(values.begin(), j, before.begin());
      values[0] = 0;
      for (std::size_t i = 1; i <= j; ++i) {
        const double right = knots_[interval + i];
        const double left = knots_[interval + i - j];
        if (right == left) {
          values[i] = 0;
          continue;
        }
        const double share = before[i - 1] / (right - left);
        values[i - 1] += share * (right - x);
        values[i] = share * (x - left);
      }
    }
  }

  std::span<const double> knots_;  // ascending, borrowed from the package
  std::size_t degree_;
  bool periodic_;
  bool all_terms_;
};
}  // namespace

extern const OpDef op_bspline{.name = "bspline", .version = 1, .load = Bspline::load};
}  // namespace bascule
