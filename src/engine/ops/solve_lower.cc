// solve_lower: the v with L v = in, per row, for a lower triangular L: forward substitution.
//
// v[i] = (in[i] - (L[i,0] v[0] + L[i,1] v[1] + ...)) / L[i,i], each product subtracted in column
// order. LAPACK works in blocks: tier T1, times the condition of L.
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class SolveLower final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    BASCULE_TRY(const auto lower, spec.floats("lower", width * (width + 1) / 2));
    for (std::size_t i = 0, at = 0; i < width; ++i, at += i + 1) {
      if (lower[at] == 0) {
        return spec.error("tensor 'lower' is 0 on its diagonal, in row {}", i);
      }
    }
    return std::make_unique<SolveLower>(lower);
  }

  explicit SolveLower(std::span<const double> lower) : lower_(lower) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* v = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, v += width) {
      const double* l = lower_.data();
      for (std::size_t i = 0; i < width; ++i) {
        double left = x[i];
        for (std::size_t j = 0; j < i; ++j) {
          left -= *l++ * v[j];
        }
        v[i] = left / *l++;
      }
    }
  }

 private:
  std::span<const double> lower_;  // row by row up to the diagonal, borrowed from the package
};
}  // namespace

extern const OpDef op_solve_lower{.name = "solve_lower", .version = 1, .load = SolveLower::load};
}  // namespace bascule
