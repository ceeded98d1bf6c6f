// compare: 1 where the comparison holds, else 0, cell by cell: with a number per column, or with a
// second value. NaN compares as in numpy: only not_equal holds.
#include <array>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 6> kHow{"greater",    "greater_equal", "less",
                                               "less_equal", "equal",         "not_equal"};
enum class How : std::uint8_t { kGreater, kGreaterEqual, kLess, kLessEqual, kEqual, kNotEqual };

class Compare final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    const bool stored = spec.has_tensor("by");
    BASCULE_CHECK_OK(spec.expect_inputs(stored ? 1 : 2));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    std::span<const double> by;
    if (stored) {
      BASCULE_TRY(by, spec.floats("by", width));
    } else {
      BASCULE_TRY(const auto other, spec.input(1, ValueKind::kF64));
      if (other != width) {
        return spec.error("the inputs have {} and {} columns, expected as many", width, other);
      }
    }
    BASCULE_TRY(const auto how, spec.choice("how", kHow));
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<Compare>(static_cast<How>(how), by);
  }

  Compare(How how, std::span<const double> by) : how_(how), by_(by) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    switch (how_) {
      case How::kGreater:
        return each(rows, in, out, [](double a, double b) { return a > b; });
      case How::kGreaterEqual:
        return each(rows, in, out, [](double a, double b) { return a >= b; });
      case How::kLess:
        return each(rows, in, out, [](double a, double b) { return a < b; });
      case How::kLessEqual:
        return each(rows, in, out, [](double a, double b) { return a <= b; });
      case How::kEqual:
        return each(rows, in, out, [](double a, double b) { return a == b; });
      case How::kNotEqual:
        return each(rows, in, out, [](double a, double b) { return a != b; });
    }
  }

 private:
  template <typename F>
  void each(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
            F holds) const noexcept {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double* other = by_.empty() ? in[1].f64() + row * width : by_.data();
      for (std::size_t col = 0; col < width; ++col) {
        y[col] = holds(x[col], other[col]) ? 1.0 : 0.0;
      }
    }
  }

  How how_;
  std::span<const double> by_;  // [width] or empty, borrowed from the package
};
}  // namespace

extern const OpDef op_compare{.name = "compare", .version = 1, .load = Compare::load};
}  // namespace bascule
