// kernel_density: the logarithm of a sum of kernels around stored points, as scikit-learn's tree
// bounds it.
//
// Nodes of the tree are opened until the bounds are close enough; both stay in logarithms, where
// what is taken away leaves noise behind. The order of additions is therefore Python's.
// Source: sklearn/neighbors/_binary_tree.pxi.tp, kernel_density.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/neighbors/metric.h"
#include "engine/neighbors/tree.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 6> kKernels{"gaussian",    "tophat", "epanechnikov",
                                                   "exponential", "linear", "cosine"};
enum class Kernel : std::uint8_t {
  kGaussian,
  kTophat,
  kEpanechnikov,
  kExponential,
  kLinear,
  kCosine,
};
constexpr std::array<std::string_view, 2> kTrees{"kd_tree", "ball_tree"};
constexpr double kNothing = -HUGE_VAL;
constexpr double kPi = std::numbers::pi;

double log_add(double a, double b) noexcept {
  const double most = std::fmax(a, b);
  return most == kNothing ? kNothing : most + std::log(std::exp(a - most) + std::exp(b - most));
}

double log_subtract(double a, double b) noexcept {
  return a <= b ? kNothing : a + std::log(1 - std::exp(b - a));
}

double log_kernel(Kernel kernel, double distance, double width) noexcept {
  if (kernel == Kernel::kGaussian) {
    return -0.5 * (distance * distance) / (width * width);
  }
  if (kernel == Kernel::kExponential) {
    return -distance / width;
  }
  if (!(distance < width)) {
    return kNothing;
  }
  switch (kernel) {
    case Kernel::kEpanechnikov:
      return std::log(1.0 - (distance * distance) / (width * width));
    case Kernel::kLinear:
      return std::log(1 - distance / width);
    case Kernel::kCosine:
      return std::log(std::cos(0.5 * kPi * distance / width));
    default:
      return 0;
  }
}

// The volume of the unit ball.
double log_ball(double dimensions) noexcept {
  return 0.5 * dimensions * std::log(kPi) - std::lgamma(0.5 * dimensions + 1);
}

// Source: _log_kernel_norm.
double log_norm(Kernel kernel, double width, std::size_t columns) noexcept {
  const auto d = static_cast<double>(columns);
  const double log_two_pi = std::log(2 * kPi);
  double factor = 0;
  switch (kernel) {
    case Kernel::kGaussian:
      factor = 0.5 * d * log_two_pi;
      break;
    case Kernel::kTophat:
      factor = log_ball(d);
      break;
    case Kernel::kEpanechnikov:
      factor = log_ball(d) + std::log(2. / (d + 2.));
      break;
    case Kernel::kExponential:
      factor = log_two_pi + log_ball(d - 2) + std::lgamma(d);
      break;
    case Kernel::kLinear:
      factor = log_ball(d) - std::log(d + 1.);
      break;
    case Kernel::kCosine: {
      double part = 2. / kPi;
      for (std::size_t k = 1; k < columns + 1; k += 2) {
        factor += part;
        const double left = d - static_cast<double>(k);
        part *= -left * (left - 1) * ((2. / kPi) * (2. / kPi));
      }
      factor = std::log(factor) + (log_two_pi + log_ball(d - 2));
      break;
    }
  }
  return -factor - d * std::log(width);
}

class KernelDensity final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    auto op = std::make_unique<KernelDensity>();
    BASCULE_TRY(op->metric_, Metric::load(spec, width));
    BASCULE_TRY(const auto tree, spec.choice("search", kTrees));
    BASCULE_TRY(op->tree_, PointTree::load(spec, op->metric_, tree == 1));
    BASCULE_TRY(const auto kernel, spec.choice("kernel", kKernels));
    op->kernel_ = static_cast<Kernel>(kernel);
    BASCULE_TRY(op->bandwidth_, spec.number("bandwidth"));
    BASCULE_TRY(const auto atol, spec.number("atol"));
    BASCULE_TRY(const auto rtol, spec.number("rtol"));
    BASCULE_TRY(op->breadth_first_, spec.boolean("breadth_first", false));
    if (spec.has_tensor("weights")) {
      BASCULE_TRY(op->weights_, spec.floats("weights", op->metric_.count()));
      BASCULE_TRY(op->log_weights_, spec.floats("log_weights", op->metric_.count()));
      BASCULE_TRY(op->total_, spec.number("total"));
    } else {
      op->total_ = static_cast<double>(op->metric_.count());
    }
    op->log_atol_ = std::log(atol);
    op->log_rtol_ = std::log(rtol);
    op->log_norm_ = log_norm(op->kernel_, op->bandwidth_, width);
    op->weigh_nodes();
    spec.output(ValueType{ValueKind::kF64, 1});
    return op;
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* room = scratch.doubles(4 * tree_.nodes());
    std::uint32_t* heap = scratch.words(tree_.nodes());
    for (std::size_t row = 0; row < rows; ++row) {
      const double* x = in[0].f64() + row * metric_.width();
      if (room == nullptr || heap == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        out[0].f64()[row] = 0;
        continue;
      }
      Bounds all = outer(0, x);
      if (breadth_first_) {
        broad(x, all, room, heap);
      } else {
        deep(0, x, all, all);
      }
      out[0].f64()[row] = log_add(all.least, all.spread - std::log(2.0)) + log_norm_;
    }
  }

 private:
  // Of a sum of kernels, in logarithms: at least `least`, at most `spread` more.
  struct Bounds {
    double least = 0;
    double spread = 0;
  };

  void weigh_nodes() {
    node_weights_.resize(tree_.nodes());
    for (std::size_t node = 0; node < tree_.nodes(); ++node) {
      const auto points = tree_.points(node);
      double sum = 0;
      for (const auto point : points) {
        sum += weights_.empty() ? 1.0 : weights_[static_cast<std::size_t>(point)];
      }
      node_weights_[node] = sum;
    }
  }

  double log_at(double distance) const noexcept {
    return log_kernel(kernel_, distance, bandwidth_);
  }

  Bounds outer(std::size_t node, const double* x) const noexcept {
    const auto range = tree_.distances(metric_, node, x);
    const double weight = std::log(node == 0 ? total_ : node_weights_[node]);
    const double least = weight + log_at(range.most);
    return {least, log_subtract(weight + log_at(range.least), least)};
  }

  bool close_enough(double spread, double least) const noexcept {
    return log_norm_ + spread <= log_add(log_atol_, log_rtol_ + log_norm_ + least);
  }
  bool node_close_enough(std::size_t node, Bounds bounds) const noexcept {
    return log_norm_ + bounds.spread - std::log(node_weights_[node]) + std::log(total_) <=
           log_add(log_atol_, log_rtol_ + log_norm_ + bounds.least);
  }

  void take_points(std::size_t node, const double* x, double& least) const noexcept {
    for (const auto each : tree_.points(node)) {
      const auto point = static_cast<std::size_t>(each);
      const double distance = metric_.to_distance(metric_.between(x, metric_.point(point)));
      least = log_add(least, log_at(distance) + (weights_.empty() ? 0.0 : log_weights_[point]));
    }
  }

  void deep(std::size_t node, const double* x, Bounds own, Bounds& all) const noexcept {
    if (node_close_enough(node, own) || close_enough(all.spread, all.least)) {
      return;
    }
    all.least = log_subtract(all.least, own.least);
    if (tree_.is_leaf(node)) {
      all.spread = log_subtract(all.spread, own.spread);
      return take_points(node, x, all.least);
    }
    const Bounds left = outer(2 * node + 1, x);
    const Bounds right = outer(2 * node + 2, x);
    all.least = log_add(log_add(all.least, left.least), right.least);
    all.spread = log_subtract(all.spread, own.spread);
    all.spread = log_add(log_add(all.spread, left.spread), right.spread);
    deep(2 * node + 1, x, left, all);
    deep(2 * node + 2, x, right, all);
  }

  // room: least and spread of each node, distance to each node, and the heap's keys.
  void broad(const double* x, Bounds& all, double* room, std::uint32_t* heap) const noexcept {
    double* least = room;
    double* spread = room + tree_.nodes();
    double* keys = spread + tree_.nodes();
    std::size_t size = 0;
    least[0] = all.least;
    spread[0] = all.spread;
    push(keys, heap, size, tree_.distances(metric_, 0, x).least, 0);
    while (size > 0) {
      const std::size_t node = pop(keys, heap, size);
      if (node_close_enough(node, {least[node], spread[node]})) {
        continue;
      }
      if (close_enough(all.spread, all.least)) {
        return;
      }
      all.least = log_subtract(all.least, least[node]);
      if (tree_.is_leaf(node)) {
        all.spread = log_subtract(all.spread, spread[node]);
        take_points(node, x, all.least);
        continue;
      }
      const std::array children{2 * node + 1, 2 * node + 2};
      std::array<double, 2> nearest{};
      for (std::size_t i = 0; i < 2; ++i) {
        const auto range = tree_.distances(metric_, children[i], x);
        const double weight = std::log(node_weights_[children[i]]);
        nearest[i] = range.least;
        least[children[i]] = weight + log_at(range.most);
        spread[children[i]] = weight + log_at(range.least);
        all.least = log_add(all.least, least[children[i]]);
      }
      all.spread = log_subtract(all.spread, spread[node]);
      for (std::size_t i = 0; i < 2; ++i) {
        all.spread = log_add(all.spread, spread[children[i]]);
        push(keys, heap, size, nearest[i], static_cast<std::uint32_t>(children[i]));
      }
    }
  }

  // A min-heap whose order of equals is scikit-learn's NodeHeap. It holds each node once.
  static void push(double* keys, std::uint32_t* nodes, std::size_t& size, double key,
                   std::uint32_t node) noexcept {
    std::size_t i = size++;
    keys[i] = key;
    nodes[i] = node;
    while (i > 0 && !(keys[(i - 1) / 2] <= keys[i])) {
      std::swap(keys[i], keys[(i - 1) / 2]);
      std::swap(nodes[i], nodes[(i - 1) / 2]);
      i = (i - 1) / 2;
    }
  }
  static std::size_t pop(double* keys, std::uint32_t* nodes, std::size_t& size) noexcept {
    const std::size_t popped = nodes[0];
    --size;
    keys[0] = keys[size];
    nodes[0] = nodes[size];
    std::size_t i = 0;
    while (2 * i + 1 < size) {
      const std::size_t left = 2 * i + 1;
      const std::size_t right = left + 1;
      const std::size_t next = right < size && !(keys[left] <= keys[right]) ? right : left;
      if (!(keys[next] <= keys[i])) {
        break;
      }
      std::swap(keys[i], keys[next]);
      std::swap(nodes[i], nodes[next]);
      i = next;
    }
    return popped;
  }

  Metric metric_;
  PointTree tree_;
  Kernel kernel_ = Kernel::kGaussian;
  double bandwidth_ = 1;
  double log_atol_ = kNothing;
  double log_rtol_ = kNothing;
  double log_norm_ = 0;
  double total_ = 0;
  bool breadth_first_ = false;
  std::span<const double> weights_;      // [points] or empty, borrowed from the package
  std::span<const double> log_weights_;  // likewise
  std::vector<double> node_weights_;     // [nodes]
};
}  // namespace

extern const OpDef op_kernel_density{
    .name = "kernel_density", .version = 1, .load = KernelDensity::load};
}  // namespace bascule
