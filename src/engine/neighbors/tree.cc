#include "engine/neighbors/tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace bascule {
namespace {
// std::pow(x, 2), which scikit-learn adds, at the cost of a product: pow is within 0.55 units in
// the last place (glibc's e_pow.c, and all that are better), so where the product is further than
// 0.1 units from the middle of two numbers both round to the same one.
[[gnu::always_inline]] inline double square_loop(double x) noexcept {
  const double square = x * x;
  const double error = std::fma(x, x, -square);
  // The power of two below the square; a unit in the last place is 2^-52 of it.
  const double scale =
      std::bit_cast<double>(std::bit_cast<std::uint64_t>(square) & 0x7FF0'0000'0000'0000);
  const bool certain = std::fabs(error) <= 0.4 * 0x1p-52 * scale && square > 1e-280;
  return certain || x == 0 ? square : std::pow(x, 2.0);
}

// The squares of how far x is outside of a box, added in column order.
[[gnu::always_inline]] inline double box_loop(const double* low, const double* high,
                                              const double* x, std::size_t width) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const double below = low[i] - x[i];
    const double above = x[i] - high[i];
    const double twice = (below + std::fabs(below)) + (above + std::fabs(above));
    sum += square_loop(0.5 * twice);
  }
  return sum;
}

#ifdef __x86_64__
[[gnu::target("fma")]] double box_fma(const double* low, const double* high, const double* x,
                                      std::size_t width) noexcept {
  return box_loop(low, high, x, width);
}
#endif

double squared_gap(const double* low, const double* high, const double* x,
                   std::size_t width) noexcept {
#ifdef __x86_64__
  if (__builtin_cpu_supports("fma")) {
    return box_fma(low, high, x, width);
  }
#endif
  return box_loop(low, high, x, width);
}
}  // namespace

Result<PointTree> PointTree::load(OpSpec& spec, const Metric& metric, bool balls) {
  PointTree tree;
  tree.balls_ = balls;
  const auto points = static_cast<std::int64_t>(metric.count());
  BASCULE_TRY(tree.order_, spec.integers("order", metric.count(), 0, points - 1));
  BASCULE_TRY(tree.first_, spec.integers("first", OpSpec::kAny, 0, points));
  const std::size_t nodes = tree.first_.size();
  if (nodes == 0) {
    return spec.error("tensor 'first' is empty, expected one node at least");
  }
  BASCULE_TRY(tree.last_, spec.integers("last", nodes, 0, points));
  BASCULE_TRY(tree.leaf_, spec.integers("leaf", nodes, 0, 1));
  BASCULE_TRY(tree.radius_, spec.floats("node_radius", nodes));
  BASCULE_TRY(tree.bounds_, spec.matrix("bounds", balls ? nodes : 2 * nodes, metric.width()));
  for (std::size_t node = 0; node < nodes; ++node) {
    if (tree.leaf_[node] == 0 && 2 * node + 2 >= nodes) {
      return spec.error("node {} of {} has no children and is no leaf", node, nodes);
    }
  }
  tree.lay_out_leaves(metric);
  return tree;
}

void PointTree::lay_out_leaves(const Metric& metric) {
  if (metric.kind() != MetricKind::kEuclidean) {
    return;
  }
  // Leaves of a real tree share no point; those of a made one could, many times over.
  std::size_t cells = 0;
  for (std::size_t node = 0; node < nodes(); ++node) {
    cells += is_leaf(node) ? (points(node).size() + kPanel - 1) / kPanel * kPanel : 0;
    if (cells > metric.count() + kPanel * nodes()) {
      return;
    }
  }
  const std::size_t width = metric.width();
  std::vector<double> gathered;
  gathered.reserve(cells * width);
  leaf_start_.assign(nodes(), 0);
  for (std::size_t node = 0; node < nodes(); ++node) {
    if (!is_leaf(node)) {
      continue;
    }
    leaf_start_[node] = gathered.size() / width;
    for (const auto point : points(node)) {
      const double* cell = metric.point(static_cast<std::size_t>(point));
      gathered.insert(gathered.end(), cell, cell + width);
    }
    gathered.resize((gathered.size() / width + kPanel - 1) / kPanel * kPanel * width);
  }
  leaves_ = Panels(gathered, width);
}

void PointTree::search(const Metric& metric, const double* x, Nearest& found) const noexcept {
  descend(metric, 0, least_reduced(metric, 0, x), x, found);
}

// As deep as the tree: the logarithm of its nodes.
void PointTree::descend(const Metric& metric, std::size_t node, double least, const double* x,
                        Nearest& found) const noexcept {
  if (least > found.largest()) {
    return;
  }
  if (leaf_[node] != 0) {
    return push_leaf(metric, node, x, found);
  }
  const double left = least_reduced(metric, 2 * node + 1, x);
  const double right = least_reduced(metric, 2 * node + 2, x);
  if (left <= right) {
    descend(metric, 2 * node + 1, left, x, found);
    descend(metric, 2 * node + 2, right, x, found);
  } else {
    descend(metric, 2 * node + 2, right, x, found);
    descend(metric, 2 * node + 1, left, x, found);
  }
}

void PointTree::push_leaf(const Metric& metric, std::size_t node, const double* x,
                          Nearest& found) const noexcept {
  const auto members = points(node);
  if (leaf_start_.empty()) {
    for (const auto point : members) {
      const auto at = static_cast<std::uint32_t>(point);
      found.push(metric.between(x, metric.point(at)), at);
    }
    return;
  }
  std::array<double, 8 * kPanel> distances;
  for (std::size_t first = 0; first < members.size(); first += distances.size()) {
    const std::size_t count = std::min(distances.size(), members.size() - first);
    leaves_.squares(1, x, leaf_start_[node] + first, count, distances.data());
    for (std::size_t i = 0; i < count; ++i) {
      if (!(distances[i] >= found.largest())) {
        found.push(distances[i], static_cast<std::uint32_t>(members[first + i]));
      }
    }
  }
}

double PointTree::least_reduced(const Metric& metric, std::size_t node,
                                const double* x) const noexcept {
  const std::size_t width = metric.width();
  const double* low = lower(node, width);
  if (balls_) {
    const double distance = metric.to_distance(metric.between(x, low));
    return metric.to_reduced(std::fmax(0.0, distance - radius_[node]));
  }
  const double* high = upper(node, width);
  if (metric.p() == 2) {
    return squared_gap(low, high, x, width);
  }
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const double below = low[i] - x[i];
    const double above = x[i] - high[i];
    const double twice = (below + std::fabs(below)) + (above + std::fabs(above));
    if (std::isinf(metric.p())) {
      sum = std::fmax(sum, 0.5 * twice);
    } else {
      sum += std::pow(0.5 * twice, metric.p());
    }
  }
  return sum;
}

PointTree::Range PointTree::distances(const Metric& metric, std::size_t node,
                                      const double* x) const noexcept {
  const std::size_t width = metric.width();
  const double* low = lower(node, width);
  if (balls_) {
    const double distance = metric.to_distance(metric.between(x, low));
    return {std::fmax(0.0, distance - radius_[node]), distance + radius_[node]};
  }
  const double* high = upper(node, width);
  Range range;
  for (std::size_t i = 0; i < width; ++i) {
    const double below = low[i] - x[i];
    const double above = x[i] - high[i];
    const double twice = (below + std::fabs(below)) + (above + std::fabs(above));
    const double far = std::fmax(std::fabs(below), std::fabs(above));
    if (std::isinf(metric.p())) {
      range.least = std::fmax(range.least, 0.5 * twice);
      range.most = std::fmax(range.most, far);
    } else {
      range.least += std::pow(0.5 * twice, metric.p());
      range.most += std::pow(far, metric.p());
    }
  }
  if (!std::isinf(metric.p())) {
    range.least = std::pow(range.least, 1 / metric.p());
    range.most = std::pow(range.most, 1 / metric.p());
  }
  return range;
}

}  // namespace bascule
