// curve: a line through points, as numpy.interp, and flat beyond both ends.
//
// slope * (x - point) + value, with the point to the left of x, and the value itself on a point.
// With `float32`, scipy's interp1d on float32: the point to the left of x or of its equal, every
// operation rounded to float32.

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Curve final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    BASCULE_TRY(const auto points, spec.any_floats("points"));
    BASCULE_TRY(const auto values, spec.any_floats("values", points.size()));
    BASCULE_TRY(const auto float32, spec.boolean("float32", false));
    if (points.size() < 2) {
      return spec.error("tensor 'points' has {} elements, expected two or more", points.size());
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (std::isnan(points[i]) || (i > 0 && points[i] < points[i - 1])) {
        return spec.error("tensor 'points' does not ascend at element {}", i);
      }
    }
    spec.output(ValueType{ValueKind::kF64, 1});
    return std::make_unique<Curve>(points, values, float32);
  }

  Curve(Floats points, Floats values, bool float32)
      : points_(copy_of(points)), values_(copy_of(values)), float32_(float32) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row) {
      y[row] = float32_ ? at32(static_cast<float>(x[row])) : at(x[row]);
    }
  }

 private:
  static std::vector<double> copy_of(Floats from) {
    std::vector<double> made(from.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = from[i];
    }
    return made;
  }

  double at(double x) const noexcept {
    if (std::isnan(x)) {
      return x;
    }
    if (x >= points_.back()) {
      return values_.back();
    }
    if (x < points_.front()) {
      return values_.front();
    }
    const auto right = std::ranges::upper_bound(points_, x);
    const auto j = static_cast<std::size_t>(right - points_.begin()) - 1;
    if (points_[j] == x) {
      return values_[j];
    }
    const double slope = (values_[j + 1] - values_[j]) / (points_[j + 1] - points_[j]);
    double y = slope * (x - points_[j]) + values_[j];
    if (std::isnan(y)) {
      y = slope * (x - points_[j + 1]) + values_[j + 1];
      if (std::isnan(y) && values_[j] == values_[j + 1]) {
        y = values_[j];
      }
    }
    return y;
  }

  double at32(float x) const noexcept {
    if (std::isnan(x)) {
      return static_cast<double>(x);
    }
    x = std::clamp(x, static_cast<float>(points_.front()), static_cast<float>(points_.back()));
    const auto found = std::ranges::lower_bound(points_, static_cast<double>(x));
    const auto right = std::clamp<std::size_t>(static_cast<std::size_t>(found - points_.begin()), 1,
                                               points_.size() - 1);
    const auto low = static_cast<float>(values_[right - 1]);
    const auto start = static_cast<float>(points_[right - 1]);
    const float rise = static_cast<float>(values_[right]) - low;
    const float slope = rise / (static_cast<float>(points_[right]) - start);
    const float risen = slope * (x - start);
    return static_cast<double>(risen + low);
  }

  std::vector<double> points_;  // two or more, ascending, no NaN
  std::vector<double> values_;  // as many
  bool float32_;
};
}  // namespace

extern const OpDef op_curve{.name = "curve", .version = 1, .load = Curve::load};
}  // namespace bascule
