// reduce: one number from a row: the sum or product of its columns from the left, or the smallest
// or largest. NaN wins, as in numpy.
//
// numpy adds a row of eight columns or more in an order of its own: tier T1.
#include <array>

#include "engine/nan_wins.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 4> kHow{"sum", "product", "minimum", "maximum"};
enum class How : std::uint8_t { kSum, kProduct, kMinimum, kMaximum };

class Reduce final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto how, spec.choice("how", kHow));
    spec.output(ValueType{ValueKind::kF64, 1});
    return std::make_unique<Reduce>(static_cast<How>(how));
  }

  explicit Reduce(How how) : how_(how) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    switch (how_) {
      case How::kSum:
        return each(rows, in, out, [](double a, double b) { return a + b; });
      case How::kProduct:
        return each(rows, in, out, [](double a, double b) { return a * b; });
      case How::kMinimum:
        return each(rows, in, out, smaller);
      case How::kMaximum:
        return each(rows, in, out, larger);
    }
  }

 private:
  template <typename F>
  static void each(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
                   F f) noexcept {
    const std::size_t width = in[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width) {
      double found = x[0];
      for (std::size_t col = 1; col < width; ++col) {
        found = f(found, x[col]);
      }
      y[row] = found;
    }
  }

  How how_;
};
}  // namespace

extern const OpDef op_reduce{.name = "reduce", .version = 1, .load = Reduce::load};
}  // namespace bascule
