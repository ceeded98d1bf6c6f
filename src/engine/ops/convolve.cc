// convolve: the circular convolution of two blocks: out[k] = sum over i of a[i] * b[(k - i) mod
// width], i ascending.
//
// scipy multiplies Fourier transforms, which gives other last bits: tier T1.
#include <algorithm>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Convolve final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(2));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto other, spec.input(1, ValueKind::kF64));
    if (width != other) {
      return spec.error("the inputs have {} and {} columns, expected as many", width, other);
    }
    if (width > kMostColumns) {
      return spec.error("the inputs have {} columns, expected at most {}", width, kMostColumns);
    }
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<Convolve>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* a = in[0].f64();
    const double* b = in[1].f64();
    double* y = out[0].f64();
    std::fill_n(y, rows * width, 0.0);
    for (std::size_t row = 0; row < rows; ++row, a += width, b += width, y += width) {
      for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t k = i; k < width; ++k) {
          y[k] += a[i] * b[k - i];
        }
        for (std::size_t k = 0; k < i; ++k) {
          y[k] += a[i] * b[width + k - i];
        }
      }
    }
  }

 private:
  // A row costs width * width steps.
  static constexpr std::size_t kMostColumns = 4096;
};
}  // namespace

extern const OpDef op_convolve{.name = "convolve", .version = 1, .load = Convolve::load};
}  // namespace bascule
