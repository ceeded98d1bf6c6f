#include "engine/neighbors/metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/nan_wins.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 18> kNames{
    "euclidean", "dot_euclidean", "nan_euclidean",  "cosine",     "manhattan",   "chebyshev",
    "minkowski", "seuclidean",    "mahalanobis",    "hamming",    "canberra",    "braycurtis",
    "jaccard",   "dice",          "rogerstanimoto", "russellrao", "sokalsneath", "haversine"};

// x . y from 0 in column order, product and addition rounded once.
[[gnu::always_inline]] inline double dot_loop(const double* x, const double* y,
                                              std::size_t width) noexcept {
  double sum = 0;
  for (std::size_t col = 0; col < width; ++col) {
    sum = std::fma(x[col], y[col], sum);
  }
  return sum;
}

#ifdef __x86_64__
[[gnu::target("fma")]] double dot_fma(const double* x, const double* y,
                                      std::size_t width) noexcept {
  return dot_loop(x, y, width);
}
#endif

double dot(const double* x, const double* y, std::size_t width) noexcept {
#ifdef __x86_64__
  if (__builtin_cpu_supports("fma")) {
    return dot_fma(x, y, width);
  }
#endif
  return dot_loop(x, y, width);
}

double present(double x) noexcept {
  return std::isnan(x) ? 0.0 : x;
}
}  // namespace

Result<Metric> Metric::load(OpSpec& spec, std::size_t width) {
  Metric metric;
  BASCULE_TRY(const auto kind, spec.choice("metric", kNames));
  metric.kind_ = static_cast<MetricKind>(kind);
  metric.width_ = width;
  BASCULE_TRY(metric.points_, spec.matrix("points", OpSpec::kAny, width));
  metric.count_ = metric.points_.size() / width;
  if (metric.count_ == 0) {
    return spec.error("tensor 'points' is empty, expected one point at least");
  }
  switch (metric.kind_) {
    case MetricKind::kManhattan:
      metric.p_ = 1;
      break;
    case MetricKind::kChebyshev:
      metric.p_ = HUGE_VAL;
      break;
    case MetricKind::kMinkowski: {
      BASCULE_TRY(metric.p_, spec.number("p"));
      if (metric.p_ <= 0) {
        return spec.error("attribute 'p' is {}, expected more than 0", metric.p_);
      }
      if (spec.has_tensor("column_weights")) {
        BASCULE_TRY(metric.weights_, spec.floats("column_weights", width));
      }
      break;
    }
    case MetricKind::kSEuclidean: {
      BASCULE_TRY(metric.weights_, spec.floats("column_weights", width));
      break;
    }
    case MetricKind::kMahalanobis: {
      BASCULE_TRY(metric.matrix_, spec.matrix("matrix", width, width));
      break;
    }
    case MetricKind::kHaversine:
      if (width != 2) {
        return spec.error("has {} columns, expected 2 for the metric 'haversine'", width);
      }
      break;
    case MetricKind::kDotEuclidean: {
      metric.norms_.resize(metric.count_);
      for (std::size_t i = 0; i < metric.count_; ++i) {
        metric.norms_[i] = dot(metric.point(i), metric.point(i), width);
      }
      break;
    }
    default:
      break;
  }
  return metric;
}

std::size_t Metric::room() const noexcept {
  switch (kind_) {
    case MetricKind::kDotEuclidean:
      return 1;
    case MetricKind::kCosine:
    case MetricKind::kMahalanobis:
      return width_;
    case MetricKind::kNanEuclidean:
      return 2 * width_;
    default:
      return 0;
  }
}

void Metric::prepare(const double* x, double* room) const noexcept {
  if (kind_ == MetricKind::kDotEuclidean) {
    *room = dot(x, x, width_);
  } else if (kind_ == MetricKind::kCosine) {
    double norm = 0;
    for (std::size_t col = 0; col < width_; ++col) {
      norm += x[col] * x[col];
    }
    norm = std::sqrt(norm);
    norm = norm == 0 ? 1 : norm;
    for (std::size_t col = 0; col < width_; ++col) {
      room[col] = x[col] / norm;
    }
  } else if (kind_ == MetricKind::kNanEuclidean) {
    for (std::size_t col = 0; col < width_; ++col) {
      room[col] = present(x[col]);
      room[width_ + col] = std::isnan(x[col]) ? 0.0 : 1.0;
    }
  }
}

void Metric::lay_out_points() {
  if (kind_ == MetricKind::kDotEuclidean || kind_ == MetricKind::kCosine ||
      kind_ == MetricKind::kEuclidean || kind_ == MetricKind::kManhattan) {
    panels_ = Panels(points_, width_);
  }
}

void Metric::reduced(std::size_t rows, const double* x, const double* room, std::size_t first,
                     std::size_t count, double* out) const noexcept {
  const bool laid_out = panels_.count() > 0;
  if (laid_out && kind_ == MetricKind::kEuclidean) {
    return panels_.squares(rows, x, first, count, out);
  }
  if (laid_out && kind_ == MetricKind::kManhattan) {
    return panels_.gaps(rows, x, first, count, out);
  }
  if (laid_out) {
    panels_.fused(rows, kind_ == MetricKind::kCosine ? room : x, first, count, out);
  }
  for (std::size_t row = 0; row < rows; ++row, x += width_, room += this->room(), out += count) {
    if (kind_ == MetricKind::kDotEuclidean) {
      squares_of_products(x, *room, first, count, out);
    } else if (kind_ == MetricKind::kCosine) {
      for (std::size_t i = 0; i < count; ++i) {
        const double product = laid_out ? out[i] : dot(room, point(first + i), width_);
        out[i] = std::clamp(1 - product, 0.0, 2.0);
      }
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        const bool nan = kind_ == MetricKind::kNanEuclidean;
        out[i] = nan ? nan_euclidean(room, first + i) : between(x, point(first + i));
      }
    }
  }
}

// |x|^2 - 2 x.y + |y|^2, never below 0, where `out` holds x.y when the points are laid out.
void Metric::squares_of_products(const double* x, double norm, std::size_t first, std::size_t count,
                                 double* out) const noexcept {
  for (std::size_t i = 0; panels_.count() == 0 && i < count; ++i) {
    out[i] = dot(x, point(first + i), width_);
  }
  const double* norms = norms_.data() + first;
  for (std::size_t i = 0; i < count; ++i) {
    const double square = norm + -2 * out[i] + norms[i];
    out[i] = square <= 0 ? 0.0 : square;  // NaN stays
  }
}

double Metric::between(const double* x, const double* y) const noexcept {
  double sum = 0;
  switch (kind_) {
    case MetricKind::kManhattan:
      for (std::size_t i = 0; i < width_; ++i) {
        sum += std::fabs(x[i] - y[i]);
      }
      return sum;
    case MetricKind::kChebyshev:
      for (std::size_t i = 0; i < width_; ++i) {
        sum = std::fmax(sum, std::fabs(x[i] - y[i]));
      }
      return sum;
    case MetricKind::kMinkowski:
      for (std::size_t i = 0; i < width_; ++i) {
        const double power = std::pow(std::fabs(x[i] - y[i]), p_);
        sum += weights_.empty() ? power : weights_[i] * power;
      }
      return sum;
    case MetricKind::kSEuclidean:
      for (std::size_t i = 0; i < width_; ++i) {
        const double gap = x[i] - y[i];
        sum += gap * gap / weights_[i];
      }
      return sum;
    case MetricKind::kMahalanobis:
      return mahalanobis(x, y);
    case MetricKind::kCanberra:
      for (std::size_t i = 0; i < width_; ++i) {
        const double size = std::fabs(x[i]) + std::fabs(y[i]);
        sum += size > 0 ? std::fabs(x[i] - y[i]) / size : 0.0;
      }
      return sum;
    case MetricKind::kBrayCurtis: {
      double size = 0;
      for (std::size_t i = 0; i < width_; ++i) {
        sum += std::fabs(x[i] - y[i]);
        size += std::fabs(x[i]) + std::fabs(y[i]);
      }
      return size > 0 ? sum / size : 0.0;
    }
    case MetricKind::kHaversine: {
      const double sin_0 = std::sin(0.5 * (x[0] - y[0]));
      const double sin_1 = std::sin(0.5 * (x[1] - y[1]));
      return sin_0 * sin_0 + std::cos(x[0]) * std::cos(y[0]) * sin_1 * sin_1;
    }
    case MetricKind::kHamming:
    case MetricKind::kJaccard:
    case MetricKind::kDice:
    case MetricKind::kRogersTanimoto:
    case MetricKind::kRussellRao:
    case MetricKind::kSokalSneath:
      return boolean(x, y);
    default:
      for (std::size_t i = 0; i < width_; ++i) {
        const double gap = x[i] - y[i];
        sum += gap * gap;
      }
      return sum;
  }
}

double Metric::boolean(const double* x, const double* y) const noexcept {
  double both = 0;
  double differ = 0;
  double unequal = 0;
  for (std::size_t i = 0; i < width_; ++i) {
    const bool in_x = x[i] != 0;
    const bool in_y = y[i] != 0;
    both += in_x && in_y ? 1 : 0;
    differ += in_x != in_y ? 1 : 0;
    unequal += x[i] != y[i] ? 1 : 0;
  }
  const auto size = static_cast<double>(width_);
  switch (kind_) {
    case MetricKind::kHamming:
      return unequal / size;
    case MetricKind::kJaccard:
      return both + differ == 0 ? 0.0 : differ / (both + differ);
    case MetricKind::kDice:
      return differ / (2.0 * both + differ);
    case MetricKind::kRogersTanimoto:
      return 2.0 * differ / (size + differ);
    case MetricKind::kRussellRao:
      return (size - both) / size;
    default:
      return differ / (0.5 * both + differ);
  }
}

double Metric::mahalanobis(const double* x, const double* y) const noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < width_; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < width_; ++j) {
      row += matrix_[i * width_ + j] * (x[j] - y[j]);
    }
    sum += row * (x[i] - y[i]);
  }
  return sum;
}

// sklearn.metrics.pairwise.nan_euclidean_distances: zeros in place of what is missing, and what
// that adds to the square is taken away again.
double Metric::nan_euclidean(const double* room, std::size_t point_index) const noexcept {
  const double* y = point(point_index);
  const double* has = room + width_;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  double only_x = 0;
  double only_y = 0;
  double both = 0;
  for (std::size_t i = 0; i < width_; ++i) {
    const double b = present(y[i]);
    const bool in_y = !std::isnan(y[i]);
    xx += room[i] * room[i];
    yy += b * b;
    xy = std::fma(room[i], b, xy);
    only_x += in_y ? 0.0 : room[i] * room[i];
    only_y += has[i] != 0 ? 0.0 : b * b;
    both += in_y && has[i] != 0 ? 1 : 0;
  }
  if (both == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double square = larger(larger(-2 * xy + xx + yy, 0.0) - only_x - only_y, 0.0);
  return square / both * static_cast<double>(width_);
}

double Metric::to_distance(double reduced) const noexcept {
  switch (kind_) {
    case MetricKind::kEuclidean:
    case MetricKind::kDotEuclidean:
    case MetricKind::kNanEuclidean:
    case MetricKind::kSEuclidean:
    case MetricKind::kMahalanobis:
      return std::sqrt(reduced);
    case MetricKind::kMinkowski:
      return std::pow(reduced, 1 / p_);
    case MetricKind::kHaversine:
      return 2 * std::asin(std::sqrt(reduced));
    default:
      return reduced;
  }
}

double Metric::to_reduced(double distance) const noexcept {
  switch (kind_) {
    case MetricKind::kEuclidean:
    case MetricKind::kDotEuclidean:
    case MetricKind::kNanEuclidean:
    case MetricKind::kSEuclidean:
    case MetricKind::kMahalanobis:
      return distance * distance;
    case MetricKind::kMinkowski:
      return std::pow(distance, p_);
    case MetricKind::kHaversine: {
      const double half = std::sin(0.5 * distance);
      return half * half;
    }
    default:
      return distance;
  }
}

}  // namespace bascule
