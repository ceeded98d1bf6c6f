// barycenter: the row as a weighted sum of its neighbours, in another space.
//
// The weights solve (C C' + r I) w = 1 for C = neighbours - row and r = reg * trace (reg, where the
// trace is not positive), by Cholesky, and are divided by their sum; the answer is the same sum of
// the rows of `values`. Source: sklearn.manifold._locally_linear.barycenter_weights.

#include <algorithm>
#include <cmath>

#include "engine/neighbors/found.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class Barycenter final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(2));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto pairs, spec.input(1, ValueKind::kF64));
    BASCULE_TRY(const auto points, spec.matrix("points", OpSpec::kAny, width));
    const std::size_t count = points.size() / width;
    BASCULE_TRY(const auto values, spec.matrix("values", count, OpSpec::kAny));
    BASCULE_TRY(const auto reg, spec.number("reg"));
    if (count == 0 || values.empty() || pairs % 2 != 0) {
      return spec.error("has {} points and neighbours of width {}, expected some and an even width",
                        count, pairs);
    }
    spec.output(ValueType{ValueKind::kF64, values.size() / count});
    return std::make_unique<Barycenter>(points, values, count, reg);
  }

  Barycenter(std::span<const double> points, std::span<const double> values, std::size_t count,
             double reg)
      : points_(points), values_(values), count_(count), reg_(reg) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const std::size_t width = in[0].width();
    const std::size_t k = in[1].width() / 2;
    double* room = scratch.doubles(k * (width + k + 1));
    for (std::size_t row = 0; row < rows; ++row) {
      double* y = out[0].f64() + row * out[0].width();
      std::fill_n(y, out[0].width(), 0.0);
      if (room == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      const FoundRow found(in[1], row, count_);
      const double* weights = solve(in[0].f64() + row * width, width, found, room);
      if (weights == nullptr) {
        refused.mark(row, RowCode::kInfinite);
        continue;
      }
      for (std::size_t i = 0; i < k; ++i) {
        const double* value = values_.data() + found.position(i) * out[0].width();
        for (std::size_t col = 0; col < out[0].width(); ++col) {
          y[col] += value[col] * weights[i];
        }
      }
    }
  }

 private:
  // room: C [k, width], then the lower triangle of G [k, k], then w [k], which is returned; null
  // where a cell of G is not finite, which scipy refuses.
  const double* solve(const double* x, std::size_t width, const FoundRow& found,
                      double* room) const noexcept {
    const std::size_t k = found.count();
    double* gaps = room;
    double* gram = gaps + k * width;
    double* w = gram + k * k;
    for (std::size_t i = 0; i < k; ++i) {
      const double* point = points_.data() + found.position(i) * width;
      for (std::size_t col = 0; col < width; ++col) {
        gaps[i * width + col] = point[col] - x[col];
      }
    }
    double trace = 0;
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (std::size_t col = 0; col < width; ++col) {
          sum += gaps[i * width + col] * gaps[j * width + col];
        }
        gram[i * k + j] = sum;
        gram[j * k + i] = sum;
      }
      trace += gram[i * k + i];
    }
    const bool finite = std::all_of(gram, gram + k * k, [](double g) { return std::isfinite(g); });
    if (!finite) {
      return nullptr;
    }
    const double ridge = trace > 0 ? reg_ * trace : reg_;
    for (std::size_t i = 0; i < k; ++i) {
      gram[i * k + i] += ridge;
    }
    cholesky(gram, k);
    substitute(gram, k, w);
    double total = 0;
    for (std::size_t i = 0; i < k; ++i) {
      total += w[i];
    }
    for (std::size_t i = 0; i < k; ++i) {
      w[i] /= total;
    }
    return w;
  }

  // G = L L', L in place of G's lower triangle.
  static void cholesky(double* g, std::size_t k) noexcept {
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = g[i * k + j];
        for (std::size_t m = 0; m < j; ++m) {
          sum -= g[i * k + m] * g[j * k + m];
        }
        g[i * k + j] = i == j ? std::sqrt(sum) : sum / g[j * k + j];
      }
    }
  }

  // L L' w = 1.
  static void substitute(const double* l, std::size_t k, double* w) noexcept {
    for (std::size_t i = 0; i < k; ++i) {
      double sum = 1;
      for (std::size_t m = 0; m < i; ++m) {
        sum -= l[i * k + m] * w[m];
      }
      w[i] = sum / l[i * k + i];
    }
    for (std::size_t i = k; i-- > 0;) {
      double sum = w[i];
      for (std::size_t m = i + 1; m < k; ++m) {
        sum -= l[m * k + i] * w[m];
      }
      w[i] = sum / l[i * k + i];
    }
  }

  std::span<const double> points_;  // [count, width], borrowed from the package
  std::span<const double> values_;  // [count, outputs], borrowed from the package
  std::size_t count_;
  double reg_;
};
}  // namespace

extern const OpDef op_barycenter{.name = "barycenter", .version = 1, .load = Barycenter::load};
}  // namespace bascule
