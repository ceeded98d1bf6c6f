// power: out = in ^ exponent, cell by cell, with the C library's pow.
//
// A square is in * in, and an exponent of 1 changes nothing; numpy's own pow is within 4 ULP of the
// C library's: tier T1.
#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Power final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    BASCULE_TRY(const auto exponent, spec.number("exponent"));
    return std::make_unique<Power>(exponent);
  }

  explicit Power(double exponent) : exponent_(exponent) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    const double* end = x + rows * out[0].width();
    if (exponent_ == 2) {
      std::transform(x, end, out[0].f64(), [](double cell) noexcept { return cell * cell; });
      return;
    }
    std::transform(x, end, out[0].f64(),
                   [this](double cell) noexcept { return std::pow(cell, exponent_); });
  }

 private:
  double exponent_;
};
}  // namespace

extern const OpDef op_power{.name = "power", .version = 1, .load = Power::load};
}  // namespace bascule
