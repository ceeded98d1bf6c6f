// The kernel for deep forests: many trees of one row are walked at once.
//
// A step waits for its node, up to a hundred nanoseconds when the forest is larger than the caches.
// 48 lanes take turns, each on a tree of its own, and ask for their next node before the others
// have theirs; a lane that reaches its leaf goes on with the next tree at once. The leaves are then
// added in the order of the trees.

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/trees/forest_layout.h"
#include "engine/trees/kernel.h"

namespace bascule {
namespace {
constexpr std::size_t kLanes = 48;

template <typename Sum>
class Forest final : public TreeKernel {
 public:
  Forest(ForestLayout layout, const Ensemble& ensemble)
      : layout_(std::move(layout)),
        features_(ensemble.features),
        outputs_(ensemble.outputs),
        trees_(ensemble.trees()),
        tree_output_(ensemble.tree_output),
        base_(ensemble.base),
        divide_by_(ensemble.divide_by) {}

  std::string_view name() const noexcept override { return "forest"; }
  std::size_t bytes() const noexcept override { return layout_.bytes(); }

  void score(std::size_t rows, const double* x, const double* start, double* out,
             RowErrors& refused, Scratch& scratch) const noexcept override {
    std::uint32_t* leaves = scratch.words(trees_ + layout_.columns());
    for (std::size_t row = 0; row < rows; ++row, x += features_, out += outputs_) {
      if (leaves == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      auto* cells = reinterpret_cast<float*>(leaves + trees_);
      layout_.load_row(x, cells);
      find_leaves(cells, leaves);
      add_leaves(start != nullptr ? start + row * outputs_ : base_.data(), leaves, out);
    }
  }

 private:
  struct Lane {
    const ForestNode* root;
    const ForestNode* node;
    std::size_t tree;
  };

  Lane lane_of(std::size_t tree) const noexcept {
    const ForestNode* root = layout_.root(tree);
    __builtin_prefetch(root);
    return Lane{root, root, tree};
  }

  void find_leaves(const float* cells, std::uint32_t* leaves) const noexcept {
    std::array<Lane, kLanes> lanes;
    std::size_t active = std::min(kLanes, trees_);
    for (std::size_t i = 0; i < active; ++i) {
      lanes[i] = lane_of(i);
    }
    std::size_t next = active;
    while (active > 0) {
      for (std::size_t i = 0; i < active; ++i) {
        Lane& lane = lanes[i];
        const ForestNode node = *lane.node;
        if (node.child != 0) [[likely]] {
          // A sum, so that compilers make no branch of it.
          const auto right = static_cast<std::size_t>(cells[node.column] > node.threshold);
          lane.node = lane.root + 2 * std::size_t{node.child} + right;
          __builtin_prefetch(lane.node);
          continue;
        }
        leaves[lane.tree] = std::bit_cast<std::uint32_t>(node.threshold);
        lane = next < trees_ ? lane_of(next++) : lanes[--active];
      }
    }
  }

  // A sum in float32 is held in a double, which it fits exactly, and rounded after each addition.
  void add_leaves(const double* start, const std::uint32_t* leaves, double* out) const noexcept {
    for (std::size_t k = 0; k < outputs_; ++k) {
      out[k] = static_cast<Sum>(start[k]);
    }
    if (!tree_output_.empty()) {
      for (std::size_t tree = 0; tree < trees_; ++tree) {
        add_to(out[tree_output_[tree]], *layout_.leaf(leaves[tree]));
      }
    } else {
      for (std::size_t tree = 0; tree < trees_; ++tree) {
        const double* values = layout_.leaf(leaves[tree]);
        for (std::size_t k = 0; k < outputs_; ++k) {
          add_to(out[k], values[k]);
        }
      }
    }
    if (divide_by_ != 1) {
      for (std::size_t k = 0; k < outputs_; ++k) {
        out[k] = static_cast<Sum>(out[k]) / static_cast<Sum>(divide_by_);
      }
    }
  }

  static void add_to(double& sum, double value) noexcept {
    sum = static_cast<Sum>(sum) + static_cast<Sum>(value);
  }

  ForestLayout layout_;
  std::size_t features_;
  std::size_t outputs_;
  std::size_t trees_;
  std::vector<std::uint32_t> tree_output_;
  std::span<const double> base_;  // borrowed from the package
  double divide_by_;
};
}  // namespace

std::unique_ptr<TreeKernel> forest_kernel(const Ensemble& ensemble) {
  auto layout = ForestLayout::build(ensemble);
  if (!layout.has_value()) {
    return nullptr;
  }
  if (ensemble.float32_sum) {
    return std::make_unique<Forest<float>>(*std::move(layout), ensemble);
  }
  return std::make_unique<Forest<double>>(*std::move(layout), ensemble);
}

}  // namespace bascule
