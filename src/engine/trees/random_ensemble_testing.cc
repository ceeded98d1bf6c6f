#include "engine/trees/random_ensemble_testing.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

namespace bascule::testing {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
Tensor tensor_of(DType dtype, const std::vector<T>& values) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.bytes = std::as_bytes(std::span(values));
  return tensor;
}
}  // namespace

RandomEnsemble::RandomEnsemble(const EnsembleShape& shape, std::uint64_t seed)
    : shape_(shape), state_(seed) {
  grid_.resize(shape.features);
  for (auto& thresholds : grid_) {
    thresholds = {around_zero()};
    while (thresholds.size() < shape.thresholds) {
      thresholds.push_back(below(2) == 0 ? around_zero() : static_cast<float>(around_zero()));
    }
    // What libraries write for "missing or not", and the edges of the two types.
    constexpr double kEdges[] = {kInfinity,
                                 -kInfinity,
                                 0.0,
                                 5e-324,
                                 1e-310,
                                 1e-45,
                                 std::numeric_limits<float>::max(),
                                 std::numeric_limits<double>::max()};
    for (const double edge : kEdges) {
      if (below(4) == 0 && (shape.edges || edge < 1e30 || edge == kInfinity)) {
        thresholds.push_back(edge);
      }
    }
  }
  if (shape.sets) {
    for (std::size_t set = 0; set < 20; ++set) {
      for (std::size_t word = below(4); word > 0; --word) {
        set_words_.push_back(static_cast<std::uint32_t>(bits()));
      }
      set_start_.push_back(static_cast<std::uint32_t>(set_words_.size()));
    }
  }
  linear_.start = {0};
  for (std::size_t tree = 0; tree < shape.trees; ++tree) {
    const bool smaller = below(5) == 0 && !shape.full;
    const std::size_t leaves = smaller ? 1 + below(shape.leaves) : shape.leaves;
    if (shape.symmetric) {
      add_symmetric_tree(static_cast<std::size_t>(std::bit_width(leaves) - 1));
    } else {
      add_tree(leaves);
    }
    tree_start_.push_back(static_cast<std::uint32_t>(feature_.size()));
    tree_output_.push_back(static_cast<std::uint32_t>(below(shape.outputs)));
  }
  // Few distinct values, as pure leaves have, and many.
  const std::size_t width = shape.tree_output ? 1 : shape.outputs;
  for (std::size_t i = 0; i < leaves_ * width; ++i) {
    leaf_.push_back(below(3) == 0 ? static_cast<double>(below(2)) : around_zero());
  }
  for (std::size_t k = 0; k < shape.outputs; ++k) {
    base_.push_back(around_zero());
  }
  for (std::size_t i = 0; i < leaves_; ++i) {
    constants_.push_back(around_zero());
    for (std::size_t term = below(4); term > 0; --term) {
      linear_.column.push_back(static_cast<std::uint32_t>(below(shape.features)));
      weights_.push_back(around_zero());
    }
    linear_.start.push_back(static_cast<std::uint32_t>(weights_.size()));
  }
}

// splitmix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
std::uint64_t RandomEnsemble::bits() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double RandomEnsemble::around_zero() {
  double sum = -2;
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<double>(bits() >> 11) * 0x1p-53;
  }
  return sum * 1.7;
}

// Uneven, as trees grown leaf by leaf are.
void RandomEnsemble::add_tree(std::size_t leaves) {
  if (leaves == 1) {
    feature_.push_back(-1);
    ++leaves_;
    return;
  }
  const std::size_t split = right_.size();
  add_split(below(shape_.features));
  if (shape_.sets && below(3) == 0) {
    set_.back() = static_cast<std::int32_t>(below(set_start_.size() - 1));
    threshold_.back() = 0;
  }
  const std::size_t left = 1 + below(leaves - 1);
  add_tree(left);
  right_[split] = static_cast<std::uint32_t>(feature_.size() - tree_start_.back());
  add_tree(leaves - left);
}

void RandomEnsemble::add_split(std::size_t feature) {
  const auto& thresholds = grid_[feature];
  feature_.push_back(static_cast<std::int32_t>(feature));
  right_.push_back(0);
  threshold_.push_back(thresholds[below(thresholds.size())]);
  missing_left_.push_back(below(2) == 0 ? 1 : 0);
  set_.push_back(-1);
}

// The leftmost path is drawn; every other split repeats the one of its level.
void RandomEnsemble::add_symmetric_tree(std::size_t depth) {
  const std::size_t first = right_.size();
  const std::size_t start = feature_.size();
  for (std::size_t level = 0; level < depth; ++level) {
    add_split(below(shape_.features));
  }
  for (std::size_t level = 0; level < depth; ++level) {
    right_[first + level] = static_cast<std::uint32_t>(level + (std::size_t{1} << (depth - level)));
  }
  for (std::size_t leaf = 0; leaf < std::size_t{1} << depth; ++leaf) {
    if (leaf > 0) {
      // Below the split at which this leaf's path turns right, splits down to the last level.
      const auto levels = static_cast<std::size_t>(std::countr_zero(leaf));
      for (std::size_t level = depth - levels; level < depth; ++level) {
        const std::size_t node = feature_.size() - start;
        feature_.push_back(feature_[start + level]);
        right_.push_back(static_cast<std::uint32_t>(node + (std::size_t{1} << (depth - level))));
        threshold_.push_back(threshold_[first + level]);
        missing_left_.push_back(missing_left_[first + level]);
        set_.push_back(-1);
      }
    }
    feature_.push_back(-1);
    ++leaves_;
  }
}

Ensemble RandomEnsemble::ensemble() const {
  auto splits = std::make_shared<Splits>();
  splits->tree_start = tree_start_;
  splits->feature = Integers(tensor_of(DType::kI32, feature_));
  splits->right = Integers(tensor_of(DType::kU32, right_));
  splits->threshold = Floats(tensor_of(DType::kF64, threshold_));
  splits->missing_left = Integers(tensor_of(DType::kU8, missing_left_));
  if (shape_.sets) {
    splits->set = Integers(tensor_of(DType::kI32, set_));
    splits->sets = CategorySets(set_start_, set_words_);
  }
  Ensemble ensemble;
  ensemble.splits = std::move(splits);
  ensemble.features = shape_.features;
  ensemble.outputs = shape_.outputs;
  if (shape_.tree_output) {
    ensemble.tree_output = tree_output_;
  }
  ensemble.leaf = Floats(tensor_of(DType::kF64, leaf_));
  if (shape_.linear) {
    ensemble.linear = linear_;
    ensemble.linear.weight = weights_;
    ensemble.linear.constant = constants_;
  }
  ensemble.base = base_;
  ensemble.float32_input = shape_.float32_input;
  ensemble.float32_sum = shape_.float32_sum;
  ensemble.divide_by = shape_.divide_by;
  return ensemble;
}

void RandomEnsemble::set_thresholds(double threshold) {
  std::ranges::fill(threshold_, threshold);
}

double RandomEnsemble::cell(std::size_t feature) {
  const auto& thresholds = grid_[feature];
  const double threshold = thresholds[below(thresholds.size())];
  switch (below(12)) {
    case 0:
      return std::numeric_limits<double>::quiet_NaN();
    case 1:
      return below(2) == 0 ? kInfinity : -kInfinity;
    case 2:
      return below(2) == 0 ? 5e-324 : -1e-310;
    case 3:
    case 4:
      return threshold;
    case 5:
      return std::nextafter(threshold, kInfinity);
    case 6:
      return std::nextafter(threshold, -kInfinity);
    case 7:
      return static_cast<float>(threshold);
    case 8:
      return std::nextafter(static_cast<float>(threshold), std::numeric_limits<float>::infinity());
    case 9:
      return static_cast<double>(below(140)) - 3 + (below(4) == 0 ? 0.5 : 0);
    case 10:
      return std::numeric_limits<float>::max() * static_cast<double>(1 + below(2));
    default:
      return around_zero();
  }
}

std::vector<double> RandomEnsemble::rows(std::size_t count) {
  std::vector<double> cells;
  cells.reserve(count * shape_.features);
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t feature = 0; feature < shape_.features; ++feature) {
      cells.push_back(cell(feature));
    }
  }
  return cells;
}

std::vector<double> RandomEnsemble::starts(std::size_t count) {
  std::vector<double> cells(count * shape_.outputs);
  for (double& each : cells) {
    each = around_zero();
  }
  return cells;
}

}  // namespace bascule::testing
