#include "engine/trees/forest_layout.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace bascule {
namespace {
constexpr std::uint32_t kNodesOfLine = 8;
constexpr std::uint32_t kPairsOfLine = 4;
constexpr std::uint32_t kMostPairs = std::numeric_limits<std::uint16_t>::max();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Leaf values by their bits, each once: a hash table of indices into them.
class Distinct {
 public:
  Distinct(std::size_t most, std::size_t width, std::vector<double>& values)
      : width_(width), values_(values), slots_(std::bit_ceil(2 * most + 1), kNone) {}

  std::uint32_t index(const double* row) {
    const std::size_t bytes = width_ * sizeof(double);
    for (std::size_t slot = hash(row);; ++slot) {
      std::uint32_t& found = slots_[slot & (slots_.size() - 1)];
      if (found == kNone) {
        found = count_++;
        values_.insert(values_.end(), row, row + width_);
        return found;
      }
      if (std::memcmp(values_.data() + found * width_, row, bytes) == 0) {
        return found;
      }
    }
  }

 private:
  std::size_t hash(const double* row) const {
    std::uint64_t mixed = 0;
    for (std::size_t k = 0; k < width_; ++k) {
      mixed = (mixed ^ std::bit_cast<std::uint64_t>(row[k])) * 0x9e3779b97f4a7c15;
      mixed ^= mixed >> 32;
    }
    return mixed;
  }

  std::size_t width_;
  std::vector<double>& values_;
  std::vector<std::uint32_t> slots_;
  std::uint32_t count_ = 0;
};
}  // namespace

class ForestLayout::Builder {
 public:
  Builder(const Ensemble& ensemble, ForestLayout& layout)
      : ensemble_(ensemble),
        layout_(layout),
        distinct_(ensemble.splits->leaves(), ensemble.leaf_width(), layout.values_),
        column_of_(2 * ensemble.features, kNone),
        leaf_(ensemble.leaf_width()) {
    layout.leaf_width_ = ensemble.leaf_width();
  }

  bool build() {
    if (!ensemble_.float32_input || !ensemble_.linear.empty()) {
      return false;
    }
    layout_.lines_.reserve(ensemble_.splits->nodes() / kNodesOfLine + ensemble_.trees());
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      ensemble_.splits->unpack(tree, nodes_);
      layout_.line_of_.push_back(static_cast<std::uint32_t>(layout_.lines_.size()));
      place_nodes();
      if (used_ / 2 > kMostPairs || !write_nodes(layout_.lines_.size())) {
        return false;
      }
    }
    layout_.lines_.shrink_to_fit();
    layout_.values_.shrink_to_fit();
    return true;
  }

 private:
  // A split whose children have no place yet; the one with the most leaves below it comes first.
  using Open = std::pair<std::uint32_t, std::uint32_t>;  // leaves, node

  bool is_leaf(std::uint32_t at) const { return nodes_[at].feature < 0; }
  std::uint32_t right(std::uint32_t at) const { return nodes_[at].right_or_leaf; }

  static void push(std::vector<Open>& heap, Open open) {
    heap.push_back(open);
    std::ranges::push_heap(heap);
  }
  static std::uint32_t pop(std::vector<Open>& heap) {
    std::ranges::pop_heap(heap);
    const std::uint32_t at = heap.back().second;
    heap.pop_back();
    return at;
  }

  // Gives each node of the tree its place. Pair 0 is the root and a node that is never used.
  void place_nodes() {
    const auto nodes = static_cast<std::uint32_t>(nodes_.size());
    leaves_.resize(nodes);
    place_.resize(nodes);
    for (std::uint32_t at = nodes; at-- > 0;) {
      leaves_[at] = is_leaf(at) ? 1 : leaves_[at + 1] + leaves_[right(at)];
    }
    place_[0] = 0;
    used_ = 2;
    if (!is_leaf(0)) {
      fill(0, kPairsOfLine - 1);
    }
    while (!starts_.empty()) {
      next_line();
      fill(pop(starts_), kPairsOfLine);
    }
    while (!small_[1].empty() || !small_[2].empty() || !small_[3].empty()) {
      next_line();
      fill_with_small();
    }
  }

  void next_line() { used_ = (used_ + kNodesOfLine - 1) / kNodesOfLine * kNodesOfLine; }

  // Up to `room` pairs below a split.
  void fill(std::uint32_t start, std::uint32_t room) {
    push(open_, {leaves_[start], start});
    for (; room > 0 && !open_.empty(); --room) {
      const std::uint32_t at = pop(open_);
      for (const std::uint32_t child : {at + 1, right(at)}) {
        place_[child] = used_++;
        if (!is_leaf(child)) {
          push(open_, {leaves_[child], child});
        }
      }
    }
    for (const Open& left : open_) {
      const std::uint32_t pairs = left.first - 1;  // a subtree has one leaf more than splits
      if (pairs < kPairsOfLine) {
        small_[pairs].push_back(left.second);
      } else {
        push(starts_, left);
      }
    }
    open_.clear();
  }

  void fill_with_small() {
    for (std::uint32_t room = kPairsOfLine; room > 0;) {
      std::uint32_t pairs = std::min(room, kPairsOfLine - 1);
      while (pairs > 0 && small_[pairs].empty()) {
        --pairs;
      }
      if (pairs == 0) {
        return;
      }
      const std::uint32_t start = small_[pairs].back();
      small_[pairs].pop_back();
      fill(start, pairs);
      room -= pairs;
    }
  }

  bool write_nodes(std::size_t first_line) {
    layout_.lines_.resize(first_line + (used_ + kNodesOfLine - 1) / kNodesOfLine);
    for (std::uint32_t at = 0; at < place_.size(); ++at) {
      const std::size_t place = first_line * kNodesOfLine + place_[at];
      ForestNode& packed = layout_.lines_[place / kNodesOfLine].node[place % kNodesOfLine];
      if (is_leaf(at)) {
        packed = ForestNode{std::bit_cast<float>(leaf_index(nodes_[at].right_or_leaf)), 0, 0};
      } else if (!write_split(at, packed)) {
        return false;
      }
    }
    return true;
  }

  std::uint32_t leaf_index(std::uint32_t leaf) {
    for (std::size_t k = 0; k < leaf_.size(); ++k) {
      leaf_[k] = ensemble_.leaf[leaf * leaf_.size() + k];
    }
    return distinct_.index(leaf_.data());
  }

  bool write_split(std::uint32_t at, ForestNode& packed) {
    const TreeNode& split = nodes_[at];
    const float threshold = float32_not_above(split.threshold);
    if (split.set >= 0 || (threshold == kLargest)) {
      return false;
    }
    const auto key = 2 * static_cast<std::size_t>(split.feature) + (split.missing_left ? 1 : 0);
    std::uint32_t& column = column_of_[key];
    if (column == kNone) {
      column = static_cast<std::uint32_t>(layout_.feature_.size());
      layout_.feature_.push_back(static_cast<std::uint32_t>(split.feature));
      layout_.missing_.push_back(split.missing_left ? -kInfinity : kInfinity);
    }
    if (column > std::numeric_limits<std::uint16_t>::max()) {
      return false;
    }
    packed = ForestNode{threshold == kInfinity ? kLargest : threshold,
                        static_cast<std::uint16_t>(column),
                        static_cast<std::uint16_t>(place_[at + 1] / 2)};
    return true;
  }

  const Ensemble& ensemble_;
  ForestLayout& layout_;
  Distinct distinct_;
  std::vector<std::uint32_t> column_of_;  // by feature and side of NaN
  std::vector<double> leaf_;
  // Of one tree.
  std::vector<TreeNode> nodes_;
  std::uint32_t used_ = 0;  // places
  std::vector<std::uint32_t> leaves_;
  std::vector<std::uint32_t> place_;
  std::vector<Open> open_;                          // in the line that is filled: a heap
  std::vector<Open> starts_;                        // of lines to come: a heap
  std::vector<std::uint32_t> small_[kPairsOfLine];  // subtrees of so many pairs
};

std::optional<ForestLayout> ForestLayout::build(const Ensemble& ensemble) {
  std::optional<ForestLayout> layout(std::in_place);
  if (!Builder(ensemble, *layout).build()) {
    layout.reset();
  }
  return layout;
}

void ForestLayout::load_row(const double* x, float* cells) const noexcept {
  for (std::size_t column = 0; column < feature_.size(); ++column) {
    const auto cell = static_cast<float>(x[feature_[column]]);
    cells[column] = std::isnan(cell) ? missing_[column] : std::min(cell, kLargest);
  }
}

std::size_t ForestLayout::bytes() const noexcept {
  return lines_.size() * sizeof(Line) + line_of_.size() * sizeof(std::uint32_t) +
         feature_.size() * (sizeof(std::uint32_t) + sizeof(float)) +
         values_.size() * sizeof(double);
}

}  // namespace bascule
