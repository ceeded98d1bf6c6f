// combine: two values, cell by cell; one of them may have a single column, which then goes with
// every column of the other.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/nan_wins.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 8> kHow{"add",     "subtract", "multiply", "divide",
                                               "minimum", "maximum",  "power",    "logaddexp"};
enum class How : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMinimum,
  kMaximum,
  kPower,
  kLogaddexp
};

// log(exp(a) + exp(b)), as numpy's logaddexp takes it; two infinities alike are not subtracted.
double log_of_sum(double a, double b) noexcept {
  if (a == b) {
    return a + std::numbers::ln2;
  }
  const double difference = a - b;
  if (std::isnan(difference)) {
    return difference;
  }
  return difference > 0 ? a + std::log1p(std::exp(-difference))
                        : b + std::log1p(std::exp(difference));
}

class Combine final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(2));
    BASCULE_TRY(const auto left, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto right, spec.input(1, ValueKind::kF64));
    if (left != right && left != 1 && right != 1) {
      return spec.error("the inputs have {} and {} columns, expected as many or 1", left, right);
    }
    BASCULE_TRY(const auto how, spec.choice("how", kHow));
    spec.output(ValueType{ValueKind::kF64, std::max(left, right)});
    return std::make_unique<Combine>(static_cast<How>(how));
  }

  explicit Combine(How how) : how_(how) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    switch (how_) {
      case How::kAdd:
        return each(rows, in, out, [](double a, double b) { return a + b; });
      case How::kSubtract:
        return each(rows, in, out, [](double a, double b) { return a - b; });
      case How::kMultiply:
        return each(rows, in, out, [](double a, double b) { return a * b; });
      case How::kDivide:
        return each(rows, in, out, [](double a, double b) { return a / b; });
      case How::kMinimum:
        return each(rows, in, out, smaller);
      case How::kMaximum:
        return each(rows, in, out, larger);
      case How::kPower:
        return each(rows, in, out, [](double a, double b) { return std::pow(a, b); });
      case How::kLogaddexp:
        return each(rows, in, out, log_of_sum);
    }
  }

 private:
  template <typename F>
  static void each(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
                   F f) noexcept {
    const std::size_t width = out[0].width();
    const std::size_t left_step = in[0].width() == width ? 1 : 0;
    const std::size_t right_step = in[1].width() == width ? 1 : 0;
    const double* left = in[0].f64();
    const double* right = in[1].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < width; ++col) {
        *y++ = f(left[col * left_step], right[col * right_step]);
      }
      left += in[0].width();
      right += in[1].width();
    }
  }

  How how_;
};
}  // namespace

extern const OpDef op_combine{.name = "combine", .version = 1, .load = Combine::load};
}  // namespace bascule
