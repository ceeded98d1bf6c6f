// mark_missing: a cell that equals `value` becomes NaN; all others stay.
//
// For models that write a missing number as a number, such as -1 or 999. With `float32` both are
// compared as float32, as XGBoost does.

#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class MarkMissing final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    BASCULE_TRY(const auto value, spec.number("value"));
    BASCULE_TRY(const auto float32, spec.boolean("float32", false));
    return std::make_unique<MarkMissing>(width, value, float32);
  }

  MarkMissing(std::size_t width, double value, bool float32)
      : width_(width), value_(value), float32_(float32) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < rows * width_; ++i) {
      const bool missing =
          float32_ ? static_cast<float>(x[i]) == static_cast<float>(value_) : x[i] == value_;
      y[i] = missing ? std::numeric_limits<double>::quiet_NaN() : x[i];
    }
  }

 private:
  std::size_t width_;
  double value_;
  bool float32_;
};
}  // namespace

extern const OpDef op_mark_missing{.name = "mark_missing", .version = 1, .load = MarkMissing::load};
}  // namespace bascule
