// interpolate: per column the broken line through (x, y), constant beyond its ends: numpy.interp.
//
// In its order: slope * (in - x[j]) + y[j] with x[j] the last at or below `in`, y[j] itself where
// `in` is x[j]; from the right end where that is NaN, as an infinite slope makes it.
#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Interpolate final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    BASCULE_TRY(const auto x, spec.matrix("x", width, OpSpec::kAny));
    const std::size_t points = x.size() / width;
    if (points == 0) {
      return spec.error("tensor 'x' has no points");
    }
    BASCULE_TRY(const auto y, spec.floats("y", points));
    for (std::size_t col = 0; col < width; ++col) {
      const auto line = x.subspan(col * points, points);
      if (std::isnan(line[0]) || std::isnan(line[points - 1]) || !std::ranges::is_sorted(line)) {
        return spec.error("tensor 'x' does not ascend for column {}", col);
      }
    }
    return std::make_unique<Interpolate>(x, y);
  }

  Interpolate(std::span<const double> x, std::span<const double> y) : x_(x), y_(y) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* from = in[0].f64();
    double* to = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < width; ++col) {
        *to++ = on_line(*from++, x_.subspan(col * y_.size(), y_.size()));
      }
    }
  }

 private:
  double on_line(double at, std::span<const double> x) const noexcept {
    if (std::isnan(at)) {
      return at;
    }
    const auto above =
        static_cast<std::size_t>(std::ranges::upper_bound(x, at) - x.begin());  // x[above] > at
    if (above == 0) {
      return y_.front();
    }
    const std::size_t j = above - 1;
    if (above == x.size() || x[j] == at) {
      return y_[j];
    }
    const double slope = (y_[above] - y_[j]) / (x[above] - x[j]);
    const double found = slope * (at - x[j]) + y_[j];
    if (!std::isnan(found)) [[likely]] {
      return found;
    }
    const double from_right = slope * (at - x[above]) + y_[above];
    return std::isnan(from_right) && y_[j] == y_[above] ? y_[j] : from_right;
  }

  std::span<const double> x_;  // [width, points], each row ascending; borrowed from the package
  std::span<const double> y_;  // [points], likewise
};
}  // namespace

extern const OpDef op_interpolate{.name = "interpolate", .version = 1, .load = Interpolate::load};
}  // namespace bascule
