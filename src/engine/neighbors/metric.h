// A metric: how far a row of numbers is from a stored point, in scikit-learn's order of arithmetic.
//
// As there, most metrics have a reduced distance, which ranks points as the distance does and is
// cheaper: the square, for Euclid. sklearn/metrics/_dist_metrics.pyx.tp has the loops; those of
// `kDotEuclidean`, `kNanEuclidean` and `kCosine` are in sklearn/metrics/pairwise.py, which takes
// dot products by BLAS. Its products of matrices add in column order and fuse each product with its
// addition, and so does this.
// Threads: immutable once loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/kernels/panels.h"
#include "engine/op_spec.h"

namespace bascule {

enum class MetricKind : std::uint8_t {
  kEuclidean,     // by differences
  kDotEuclidean,  // |x|^2 - 2 x.y + |y|^2
  kNanEuclidean,  // the same over the columns that both have, scaled up to all of them
  kCosine,        // 1 - x.y / |x|, for points of length 1
  kManhattan,
  kChebyshev,
  kMinkowski,   // sum of w |x - y|^p
  kSEuclidean,  // sum of (x - y)^2 / v
  kMahalanobis,
  kHamming,
  kCanberra,
  kBrayCurtis,
  kJaccard,
  kDice,
  kRogersTanimoto,
  kRussellRao,
  kSokalSneath,
  kHaversine,
};

class Metric {
 public:
  // Reads the attribute "metric", the tensor "points" F64[n, width] and what the metric needs:
  // attribute "p", tensors "column_weights" F64[width] or "matrix" F64[width, width].
  static Result<Metric> load(OpSpec& spec, std::size_t width);

  MetricKind kind() const noexcept { return kind_; }
  double p() const noexcept { return p_; }
  std::size_t count() const noexcept { return count_; }
  std::size_t width() const noexcept { return width_; }
  const double* point(std::size_t i) const noexcept { return points_.data() + i * width_; }

  // Makes `reduced` fast, for as much memory as the points take.
  void lay_out_points();
  // Doubles of working memory that `prepare` fills for a row and the others read.
  std::size_t room() const noexcept;
  void prepare(const double* x, double* room) const noexcept;
  // Reduced distances from each row to points [first, first + count): out [rows, count].
  //   x, room  [rows, width()] and [rows, room()]
  //   first    a multiple of kBatch
  static constexpr std::size_t kBatch = 256;
  void reduced(std::size_t rows, const double* x, const double* room, std::size_t first,
               std::size_t count, double* out) const noexcept;

  // Reduced distance of two vectors; not for the kinds that need `prepare`.
  double between(const double* x, const double* y) const noexcept;
  double to_distance(double reduced) const noexcept;
  double to_reduced(double distance) const noexcept;

 private:
  void squares_of_products(const double* x, double norm, std::size_t first, std::size_t count,
                           double* out) const noexcept;
  double boolean(const double* x, const double* y) const noexcept;
  double mahalanobis(const double* x, const double* y) const noexcept;
  double nan_euclidean(const double* room, std::size_t point) const noexcept;

  MetricKind kind_ = MetricKind::kEuclidean;
  double p_ = 2;
  std::size_t count_ = 0;
  std::size_t width_ = 0;
  std::span<const double> points_;   // [count, width], borrowed from the package
  std::span<const double> weights_;  // [width] or empty, likewise
  std::span<const double> matrix_;   // [width, width] or empty, likewise
  std::vector<double> norms_;        // [count]: |y|^2, of the kinds that use dot products
  Panels panels_;                    // the points, for the kinds that have a kernel
};

}  // namespace bascule
