#include "engine/trees/leaf_sums.h"

#include <algorithm>
#include <numeric>

#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::size_t kLeavesReadAtOnce = 64;

template <typename T>
std::size_t bytes_of(const std::vector<T>& vector) {
  return vector.size() * sizeof(T);
}

template <typename T>
const T* or_null(const std::vector<T>& vector) {
  return vector.empty() ? nullptr : vector.data();
}

bool in_order(const std::vector<std::uint32_t>& slots) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] != i) {
      return false;
    }
  }
  return true;
}

template <typename T>
std::vector<T> copy_of(const Floats& leaf) {
  // Kernels read whole registers of leaves.
  std::vector<T> copy(leaf.size() + kLeavesReadAtOnce);
  for (std::size_t i = 0; i < leaf.size(); ++i) {
    copy[i] = static_cast<T>(leaf[i]);
  }
  return copy;
}
}  // namespace

LeafSumsLayout::LeafSumsLayout(const Ensemble& ensemble, std::vector<std::uint32_t> slots)
    : tree_slot_(std::move(slots)), tree_output_(ensemble.tree_output), linear_(ensemble.linear) {
  const auto trees = static_cast<std::uint32_t>(ensemble.trees());
  const auto& start = ensemble.splits->tree_start;
  for (auto* each : {&tree_leaf_, &slot_, &slot_leaf_}) {
    each->reserve(trees);
  }
  tree_leaves_.reserve(trees);
  for (std::uint32_t tree = 0; tree < trees; ++tree) {
    tree_leaf_.push_back(start[tree] - ensemble.splits->root(tree).split);
    tree_leaves_.push_back(static_cast<std::uint16_t>((start[tree + 1] - start[tree]) / 2 + 1));
  }
  std::vector<std::uint32_t> order(trees);
  std::iota(order.begin(), order.end(), 0U);
  if (!tree_output_.empty()) {
    std::ranges::sort(order, {},
                      [&](std::uint32_t tree) { return std::pair(tree_output_[tree], tree); });
  }
  output_tree_.push_back(0);
  for (const std::uint32_t tree : order) {
    if (!tree_output_.empty()) {
      output_tree_.resize(tree_output_[tree] + std::size_t{1},
                          static_cast<std::uint32_t>(slot_.size()));
    }
    slot_.push_back(tree_slot_[tree]);
    slot_leaf_.push_back(tree_leaf_[tree]);
  }
  output_tree_.resize(tree_output_.empty() ? 2 : ensemble.outputs + 1, trees);
  if (ensemble.float32_sum) {
    leaf32_ = copy_of<float>(ensemble.leaf);
  } else {
    leaf64_ = copy_of<double>(ensemble.leaf);
  }
}

LeafSums LeafSumsLayout::data(const Ensemble& ensemble) const {
  return LeafSums{
      .features = ensemble.features,
      .outputs = ensemble.outputs,
      .trees = ensemble.trees(),
      .groups = (std::ranges::max(tree_slot_) + kTreeLanes) / kTreeLanes,
      .leaf_width = ensemble.leaf_width(),
      .in_order = ensemble.outputs == 1 && linear_.empty() && in_order(tree_slot_),
      .tree_leaf = tree_leaf_.data(),
      .tree_leaves = tree_leaves_.data(),
      .tree_slot = tree_slot_.data(),
      .tree_output = or_null(tree_output_),
      .output_tree = output_tree_.data(),
      .slot = slot_.data(),
      .slot_leaf = slot_leaf_.data(),
      .leaf64 = or_null(leaf64_),
      .leaf32 = or_null(leaf32_),
      .base = ensemble.base.data(),
      .divide_by = ensemble.divide_by,
      .linear_start = or_null(linear_.start),
      .linear_column = linear_.column.data(),
      .linear_weight = linear_.weight.data(),
      .linear_constant = linear_.constant.data(),
      .float32_input = ensemble.float32_input,
  };
}

std::size_t LeafSumsLayout::bytes() const noexcept {
  return bytes_of(tree_leaf_) + bytes_of(tree_leaves_) + bytes_of(tree_slot_) +
         bytes_of(tree_output_) + bytes_of(output_tree_) + bytes_of(slot_) + bytes_of(slot_leaf_) +
         bytes_of(leaf64_) + bytes_of(leaf32_) + bytes_of(linear_.start) + bytes_of(linear_.column);
}

LaneRoom lane_room(const LeafSums& sums, std::size_t answers, Scratch& scratch) noexcept {
  constexpr std::size_t kSpare = 512;
  const std::size_t leaves = sums.groups * kTreeLanes;
  answers = (answers + 63) / 64 * 64;
  // One line more, as the scratch is not aligned to one.
  double* room = scratch.doubles((answers + leaves + kSpare + 64) / sizeof(double) +
                                 sums.outputs * kTreeLanes);
  if (room == nullptr) {
    return {};
  }
  auto* bytes = reinterpret_cast<std::uint8_t*>(room);
  bytes += (64 - reinterpret_cast<std::uintptr_t>(bytes) % 64) % 64;
  LaneRoom parts{};
  parts.answers = bytes;
  parts.leaves = parts.answers + answers;
  parts.spare = parts.leaves + leaves;
  parts.sums = reinterpret_cast<double*>(parts.spare + kSpare);
  return parts;
}

}  // namespace bascule
