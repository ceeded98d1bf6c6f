// A space-partitioning tree over stored points: scikit-learn's KDTree or BallTree, as fit left it.
//
// A search finds the same neighbours in any order, except where distances are equal: which of them
// stays depends on the order in which leaves are visited. So nodes, bounds and order are Python's.
// Source: sklearn/neighbors/_binary_tree.pxi.tp, _kd_tree.pyx.tp, _ball_tree.pyx.tp.
// Threads: immutable once loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/kernels/panels.h"
#include "engine/neighbors/metric.h"
#include "engine/neighbors/selection.h"
#include "engine/op_spec.h"

namespace bascule {

class PointTree {
 public:
  // Reads the tensors "order" integers[n], "first" and "last" integers[nodes], "leaf" U8[nodes],
  // "node_radius" F64[nodes] and "bounds": F64[2 nodes, width] of a k-d tree (lower, then upper),
  // F64[nodes, width] of a ball tree (centres). The children of node i are 2 i + 1 and 2 i + 2.
  static Result<PointTree> load(OpSpec& spec, const Metric& metric, bool balls);

  // Pushes every point that may be among the nearest, leaf by leaf, the closer child first.
  void search(const Metric& metric, const double* x, Nearest& found) const noexcept;

  // Calls `take(point, distance)` for every point within `radius`, the left child first.
  template <typename Take>
  void within(const Metric& metric, const double* x, double radius, Take take) const noexcept {
    visit(0, metric, x, radius, metric.to_reduced(radius), take);
  }

  // Of the points in a node, from x.
  struct Range {
    double least = 0;
    double most = 0;
  };
  Range distances(const Metric& metric, std::size_t node, const double* x) const noexcept;

  std::size_t nodes() const noexcept { return first_.size(); }
  bool is_leaf(std::size_t node) const noexcept { return leaf_[node] != 0; }
  // Positions of a node's points in the order of fit.
  std::span<const std::int64_t> points(std::size_t node) const noexcept {
    const auto first = static_cast<std::size_t>(first_[node]);
    const auto last = static_cast<std::size_t>(last_[node]);
    return std::span(order_).subspan(first, last > first ? last - first : 0);
  }

 private:
  void lay_out_leaves(const Metric& metric);
  void push_leaf(const Metric& metric, std::size_t node, const double* x,
                 Nearest& found) const noexcept;
  double least_reduced(const Metric& metric, std::size_t node, const double* x) const noexcept;
  void descend(const Metric& metric, std::size_t node, double least, const double* x,
               Nearest& found) const noexcept;
  const double* lower(std::size_t node, std::size_t width) const noexcept {
    return bounds_.data() + node * width;
  }
  const double* upper(std::size_t node, std::size_t width) const noexcept {
    return bounds_.data() + (first_.size() + node) * width;
  }

  template <typename Take>
  void visit(std::size_t node, const Metric& metric, const double* x, double radius,
             double reduced_radius, Take& take) const noexcept {
    const Range range = distances(metric, node, x);
    if (range.least > radius) {
      return;
    }
    if (range.most <= radius || leaf_[node] != 0) {
      const bool all = range.most <= radius;
      for (auto i = first_[node]; i < last_[node]; ++i) {
        const auto point = static_cast<std::uint32_t>(order_[static_cast<std::size_t>(i)]);
        const double reduced = metric.between(x, metric.point(point));
        if (all || reduced <= reduced_radius) {
          take(point, metric.to_distance(reduced));
        }
      }
      return;
    }
    visit(2 * node + 1, metric, x, radius, reduced_radius, take);
    visit(2 * node + 2, metric, x, radius, reduced_radius, take);
  }

  bool balls_ = false;
  std::vector<std::int64_t> order_;  // [n]
  std::vector<std::int64_t> first_;  // [nodes]: into order_
  std::vector<std::int64_t> last_;   // [nodes]
  std::vector<std::int64_t> leaf_;   // [nodes]: 0 or 1
  std::span<const double> radius_;   // [nodes], borrowed from the package
  std::span<const double> bounds_;   // likewise
  // The points of each leaf side by side, and where they start; empty where the metric has no
  // kernel.
  Panels leaves_;
  std::vector<std::size_t> leaf_start_;  // [nodes]
};

}  // namespace bascule
