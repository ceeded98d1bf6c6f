// one_vs_one: libsvm's decision values, one per pair of classes.
//
// Per pair i < j: the coefficients of class i against j times the kernel's values at the support
// vectors of class i, then those of class j against i, added in their order; the intercept comes
// last. Vectors of other classes take no part: an infinity there disturbs nothing.
#include <numeric>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::int64_t kMostClasses = 362;  // whose pairs are still a dense value

class OneVsOne final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto vectors, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto counts,
                spec.integers("counts", OpSpec::kAny, 0, static_cast<std::int64_t>(vectors)));
    const std::size_t classes = counts.size();
    if (classes < 2 || classes > kMostClasses) {
      return spec.error("tensor 'counts' has {} elements, expected 2 to {}", classes, kMostClasses);
    }
    const auto sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    if (static_cast<std::size_t>(sum) != vectors) {
      return spec.error("tensor 'counts' adds up to {}, expected the {} columns of the input", sum,
                        vectors);
    }
    BASCULE_TRY(const auto coef, spec.matrix("coef", classes - 1, vectors));
    const std::size_t pairs = classes * (classes - 1) / 2;
    BASCULE_TRY(const auto bias, spec.floats("bias", pairs));
    spec.output(ValueType{ValueKind::kF64, pairs});
    return std::make_unique<OneVsOne>(counts, coef, bias);
  }

  OneVsOne(const std::vector<std::int64_t>& counts, std::span<const double> coef,
           std::span<const double> bias)
      : starts_(counts.size() + 1, 0), coef_(coef), bias_(bias) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      starts_[i + 1] = starts_[i] + static_cast<std::size_t>(counts[i]);
    }
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t classes = starts_.size() - 1;
    const double* k = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, k += starts_.back()) {
      const double* bias = bias_.data();
      for (std::size_t i = 0; i < classes; ++i) {
        for (std::size_t j = i + 1; j < classes; ++j) {
          const double sum = add(k, i, j - 1, 0.0);
          *y++ = add(k, j, i, sum) + *bias++;
        }
      }
    }
  }

 private:
  // `sum` and what the vectors of class `own` add, by row `line` of the coefficients.
  double add(const double* k, std::size_t own, std::size_t line, double sum) const noexcept {
    const double* coef = coef_.data() + line * starts_.back();
    for (std::size_t at = starts_[own]; at < starts_[own + 1]; ++at) {
      sum += coef[at] * k[at];
    }
    return sum;
  }

  std::vector<std::size_t> starts_;  // [classes + 1] into the support vectors
  std::span<const double> coef_;     // [classes - 1, vectors], borrowed from the package
  std::span<const double> bias_;     // [pairs], borrowed from the package
};
}  // namespace

extern const OpDef op_one_vs_one{.name = "one_vs_one", .version = 1, .load = OneVsOne::load};
}  // namespace bascule
