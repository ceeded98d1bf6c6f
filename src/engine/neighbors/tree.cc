#include "engine/neighbors/tree.h"

#include <cmath>

namespace bascule {

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
  return tree;
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
    for (auto i = first_[node]; i < last_[node]; ++i) {
      const auto point = static_cast<std::uint32_t>(order_[static_cast<std::size_t>(i)]);
      found.push(metric.between(x, metric.point(point)), point);
    }
    return;
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

double PointTree::least_reduced(const Metric& metric, std::size_t node,
                                const double* x) const noexcept {
  const std::size_t width = metric.width();
  const double* low = lower(node, width);
  if (balls_) {
    const double distance = metric.to_distance(metric.between(x, low));
    return metric.to_reduced(std::fmax(0.0, distance - radius_[node]));
  }
  const double* high = upper(node, width);
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
