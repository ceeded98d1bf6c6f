// take_each: per cell, the element of a table at that position; NaN where there is no such element.

#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class TakeEach final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    BASCULE_TRY(const auto values, spec.floats("values", OpSpec::kAny));
    return std::make_unique<TakeEach>(values);
  }

  explicit TakeEach(std::span<const double> values) : values_(values) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    const auto count = static_cast<double>(values_.size());
    for (std::size_t cell = 0; cell < rows * in[0].width(); ++cell) {
      const bool there = x[cell] >= 0 && x[cell] < count;
      y[cell] = there ? values_[static_cast<std::size_t>(x[cell])]
                      : std::numeric_limits<double>::quiet_NaN();
    }
  }

 private:
  std::span<const double> values_;  // borrowed from the package
};
}  // namespace

extern const OpDef op_take_each{.name = "take_each", .version = 1, .load = TakeEach::load};
}  // namespace bascule
