// multiplicative_weights: per row the weights, none below 0, whose sum of components diverges
// least.
//
// Multiplicative updates for the beta-divergence (Fevotte and Idier, 2011), from one weight for all
// components, until a round moves the weights by no more than `tolerance` of their norm. In the
// order of sklearn's MiniBatchNMF._solve_W and _multiplicative_update_w, of one row alone:
// scikit-learn starts and stops all rows of a batch together, so that its own answer for a row
// depends on the others. Weights that become NaN or infinite refuse the row. BLAS adds in orders of
// its own: tier T2, row by row.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::int64_t kMostIterations = 1'000'000;
// What scikit-learn puts in the place of a zero: the epsilon of float32.
constexpr double kLeast = std::numeric_limits<float>::epsilon();

struct Rules {
  double beta = 2;   // 2: least squares, 1: Kullback-Leibler, 0: Itakura-Saito
  double power = 1;  // of a round's factors
  double l1 = 0;
  double l2 = 0;
  double tolerance = 0;
  std::int64_t iterations = 0;
};

class MultiplicativeWeights final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kCsr) {
      BASCULE_CHECK_OK(spec.input(0, ValueKind::kF64));
    }
    BASCULE_TRY(const auto parts, spec.matrix("components", type.width, OpSpec::kAny));
    const std::size_t count = type.width == 0 ? 0 : parts.size() / type.width;
    if (count == 0) {
      return spec.error("tensor 'components' is empty, expected one component at least");
    }
    Rules rules;
    BASCULE_TRY(rules.beta, spec.number("beta"));
    BASCULE_TRY(rules.power, spec.number("power"));
    BASCULE_TRY(rules.l1, spec.number("l1"));
    BASCULE_TRY(rules.l2, spec.number("l2"));
    BASCULE_TRY(rules.tolerance, spec.number("tolerance"));
    BASCULE_TRY(rules.iterations, spec.integer("iterations", 0, kMostIterations));
    std::span<const double> gram;
    if (rules.beta == 2) {
      BASCULE_TRY(gram, spec.matrix("gram", count, count));
    }
    spec.output(ValueType{ValueKind::kF64, count});
    return std::make_unique<MultiplicativeWeights>(parts, gram, count, rules);
  }

  MultiplicativeWeights(std::span<const double> parts, std::span<const double> gram,
                        std::size_t count, Rules rules)
      : parts_(parts), gram_(gram), count_(count), rules_(rules), totals_(count) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      totals_[i % count] += parts[i];
    }
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* memory = scratch.doubles(3 * count_);
    double* w = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, w += count_) {
      if (memory == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      if (!solve(in[0], row, memory, w)) {
        refused.mark(row, RowCode::kOutOfRange);
      }
    }
  }

 private:
  // False when a weight is no finite number.
  bool solve(const View& in, std::size_t row, double* memory, double* w) const noexcept {
    double* above = memory;
    double* below = memory + count_;
    double* last = memory + 2 * count_;
    double total = 0;
    for_each_cell(in, row, [&](std::size_t, double x) noexcept { total += x; });
    const double mean = total / static_cast<double>(in.width());
    std::fill_n(w, count_, std::sqrt(mean / static_cast<double>(count_)));
    for (std::int64_t i = 0; i < rules_.iterations; ++i) {
      std::copy_n(w, count_, last);
      if (i == 0 || rules_.beta != 2) {  // of least squares the same in every round
        numerators(in, row, w, above);
      }
      denominators(w, below);
      double moved = 0;  // squares, which may overflow and underflow as numpy's do
      double size = 0;
      bool finite = true;
      for (std::size_t k = 0; k < count_; ++k) {
        double under = below[k];
        under += rules_.l1 > 0 ? rules_.l1 : 0.0;
        under += rules_.l2 > 0 ? rules_.l2 * w[k] : 0.0;
        const double factor = above[k] / (under == 0 ? kLeast : under);
        w[k] *= rules_.power == 1 ? factor : std::pow(factor, rules_.power);
        finite = finite && std::isfinite(w[k]);
        moved += (w[k] - last[k]) * (w[k] - last[k]);
        size += w[k] * w[k];
      }
      if (!finite) {
        return false;
      }
      if (rules_.tolerance > 0 && std::sqrt(moved) / std::sqrt(size) <= rules_.tolerance) {
        break;
      }
    }
    return true;
  }

  // The row's cells that are not 0, in the order of columns.
  template <typename Use>
  static void for_each_cell(const View& in, std::size_t row, Use use) noexcept {
    if (in.kind() == ValueKind::kCsr) {
      for (auto at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
        use(in.csr_columns()[at], in.csr_values()[at]);
      }
      return;
    }
    const double* x = in.f64() + row * in.width();
    for (std::size_t col = 0; col < in.width(); ++col) {
      if (x[col] != 0) {
        use(col, x[col]);
      }
    }
  }

  // What the weights make of a column.
  double made(const double* w, std::size_t col) const noexcept {
    const double* part = parts_.data() + col * count_;
    double sum = 0;
    for (std::size_t k = 0; k < count_; ++k) {
      sum += w[k] * part[k];
    }
    return sum;
  }

  // The sum over columns of x * made^(beta - 2) * component.
  void numerators(const View& in, std::size_t row, const double* w, double* sums) const noexcept {
    std::fill_n(sums, count_, 0.0);
    for_each_cell(in, row, [&](std::size_t col, double x) noexcept {
      double share = x;
      if (rules_.beta != 2) {
        double v = made(w, col);
        v = rules_.beta < 2 && v < kLeast ? kLeast : v;
        share = rules_.beta == 1 ? x / v : x * std::pow(v, rules_.beta - 2);
      }
      const double* part = parts_.data() + col * count_;
      for (std::size_t k = 0; k < count_; ++k) {
        sums[k] += share * part[k];
      }
    });
  }

  // The sum over columns of made^(beta - 1) * component.
  void denominators(const double* w, double* sums) const noexcept {
    if (rules_.beta == 1) {
      std::ranges::copy(totals_, sums);
      return;
    }
    std::fill_n(sums, count_, 0.0);
    if (rules_.beta == 2) {
      for (std::size_t j = 0; j < count_; ++j) {
        for (std::size_t k = 0; k < count_; ++k) {
          sums[k] += w[j] * gram_[j * count_ + k];
        }
      }
      return;
    }
    for (std::size_t col = 0; col < parts_.size() / count_; ++col) {
      double v = made(w, col);
      v = rules_.beta < 1 && v < kLeast ? kLeast : v;
      const double weight = std::pow(v, rules_.beta - 1);
      for (std::size_t k = 0; k < count_; ++k) {
        sums[k] += weight * parts_[col * count_ + k];
      }
    }
  }

  std::span<const double> parts_;  // [width, count], borrowed from the package
  std::span<const double> gram_;   // [count, count], likewise; of least squares only
  std::size_t count_;
  Rules rules_;
  std::vector<double> totals_;  // [count]: each component's sum
};
}  // namespace

extern const OpDef op_multiplicative_weights{
    .name = "multiplicative_weights", .version = 1, .load = MultiplicativeWeights::load};
}  // namespace bascule
