#include "engine/trees/ensemble.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/limits.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 2> kFloatTypes = {"float32", "float64"};

Result<bool> is_float32(OpSpec& spec, std::string_view attribute) {
  BASCULE_TRY(const auto choice, spec.choice(attribute, kFloatTypes));
  return choice == 0;
}

// The splits among the nodes, in order.
class NextSplit {
 public:
  explicit NextSplit(std::vector<TreeNode>& nodes) : node_(nodes.data()) {}
  // There must be one.
  TreeNode& next() {
    while (node_->feature < 0) {
      ++node_;
    }
    return *node_++;
  }

 private:
  TreeNode* node_;
};

// Reads the nodes, whose tensors are split by what a node is: `threshold`, `right` and
// `missing_left` have an element per split, `leaf` per leaf.
class NodeReader {
 public:
  NodeReader(OpSpec& spec, Ensemble& ensemble) : spec_(spec), ensemble_(ensemble) {}

  Status read() {
    BASCULE_CHECK_OK(read_trees());
    BASCULE_CHECK_OK(read_features());
    BASCULE_CHECK_OK(read_splits());
    BASCULE_CHECK_OK(read_sets());
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      BASCULE_CHECK_OK(check_tree(tree));
    }
    return {};
  }

  std::size_t leaves() const noexcept { return ensemble_.nodes.size() - splits_; }

 private:
  Status read_trees() {
    constexpr auto kMostNodes = std::numeric_limits<std::int32_t>::max();
    BASCULE_TRY(const auto counts, spec_.integers("nodes", OpSpec::kAny, 1, kMostNodes));
    if (counts.empty() || counts.size() > limits::kTrees) {
      return spec_.error("has {} trees, expected 1 to {}", counts.size(), limits::kTrees);
    }
    std::int64_t total = 0;  // at most kTrees * kMostNodes: no overflow
    ensemble_.tree_start.reserve(counts.size() + 1);
    for (const auto count : counts) {
      ensemble_.tree_start.push_back(static_cast<std::uint32_t>(total));
      total += count;
      if (total > kMostNodes) {
        return spec_.error("has more than {} nodes", kMostNodes);
      }
    }
    ensemble_.tree_start.push_back(static_cast<std::uint32_t>(total));
    return {};
  }

  Status read_features() {
    const auto last = static_cast<std::int64_t>(ensemble_.features) - 1;
    auto& nodes = ensemble_.nodes;
    std::uint32_t leaf = 0;
    const auto read = [&](std::int64_t feature) {
      if (nodes.empty()) {  // the tensor is as long as the trees say
        nodes.reserve(ensemble_.tree_start.back());
      }
      TreeNode node;
      node.feature = static_cast<std::int32_t>(feature);
      node.right_or_leaf = feature < 0 ? leaf++ : 0;
      nodes.push_back(node);
    };
    BASCULE_TRY(const auto count,
                spec_.visit_integers("feature", ensemble_.tree_start.back(), -1, last, read));
    splits_ = count - leaf;
    return {};
  }

  Status read_splits() {
    constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
    BASCULE_TRY(const auto threshold, spec_.any_floats("threshold", splits_));
    NextSplit with_right(ensemble_.nodes);
    const auto read_right = [&](std::int64_t right) {
      with_right.next().right_or_leaf = static_cast<std::uint32_t>(right);
    };
    BASCULE_CHECK_OK(spec_.visit_integers("right", splits_, 0, kMost, read_right));
    if (spec_.has_tensor("missing_left")) {
      NextSplit with_missing(ensemble_.nodes);
      const auto read_missing = [&](std::int64_t left) {
        with_missing.next().missing_left = left != 0;
      };
      BASCULE_CHECK_OK(spec_.visit_integers("missing_left", splits_, 0, 1, read_missing));
    }
    std::size_t split = 0;
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      const std::uint32_t start = ensemble_.tree_start[tree];
      for (std::size_t i = start; i < ensemble_.tree_start[tree + 1]; ++i) {
        TreeNode& node = ensemble_.nodes[i];
        if (node.feature < 0) {
          continue;
        }
        node.threshold = threshold[split++];
        if (std::isnan(node.threshold)) {
          return spec_.error("tree {}: node {} has NaN as its threshold", tree, i - start);
        }
        node.right_or_leaf += start;  // below 2^32: both are below 2^31
      }
    }
    return {};
  }

  // Splits on categories: `set` says which set goes left, -1 for a split on its threshold.
  Status read_sets() {
    if (!spec_.has_tensor("set")) {
      return {};
    }
    constexpr auto kMostWords = std::numeric_limits<std::int32_t>::max();
    BASCULE_TRY(const auto sizes, spec_.integers("set_words", OpSpec::kAny, 0, kMostWords));
    std::vector<std::uint32_t> start = {0};
    std::int64_t total = 0;  // a size is below 2^31, and so is the count of sizes: no overflow
    for (const auto size : sizes) {
      total += size;
      if (total > kMostWords) {
        return spec_.error("its sets of categories have more than {} words", kMostWords);
      }
      start.push_back(static_cast<std::uint32_t>(total));
    }
    constexpr auto kMostBits = std::numeric_limits<std::uint32_t>::max();
    BASCULE_TRY(const auto bits,
                spec_.integers("set_bits", static_cast<std::size_t>(total), 0, kMostBits));
    const auto last = static_cast<std::int64_t>(sizes.size()) - 1;
    BASCULE_TRY(const auto set, spec_.integers("set", splits_, -1, last));
    std::size_t split = 0;
    for (TreeNode& node : ensemble_.nodes) {
      if (node.feature >= 0) {
        node.set = static_cast<std::int32_t>(set[split++]);
      }
    }
    ensemble_.sets = CategorySets(std::move(start), {bits.begin(), bits.end()});
    return {};
  }

  // In pre-order the left subtree follows its split, and then comes the right child: so the node
  // after a leaf must be the right child that has waited the shortest. This proves that a walk ends
  // and stays inside its tree.
  Status check_tree(std::size_t tree) {
    const std::uint32_t start = ensemble_.tree_start[tree];
    const std::uint32_t end = ensemble_.tree_start[tree + 1];
    waiting_.clear();
    for (std::uint32_t i = start; i < end; ++i) {
      const TreeNode& node = ensemble_.nodes[i];
      if (node.feature >= 0) {
        waiting_.push_back(node.right_or_leaf);
        if (waiting_.size() > limits::kTreeDepth) {
          return spec_.error("tree {} is deeper than {} splits", tree, limits::kTreeDepth);
        }
        continue;
      }
      if (waiting_.empty()) {
        if (i + 1 == end) {
          return {};
        }
        return spec_.error("tree {} is whole after node {}, but has {} nodes", tree, i - start,
                           end - start);
      }
      if (waiting_.back() != i + 1) {
        return spec_.error("tree {}: after leaf {} comes node {}, but its split says {}", tree,
                           i - start, i + 1 - start, std::int64_t{waiting_.back()} - start);
      }
      waiting_.pop_back();
    }
    return spec_.error("tree {} ends before all its splits have two children", tree);
  }

  OpSpec& spec_;
  Ensemble& ensemble_;
  std::size_t splits_ = 0;
  std::vector<std::uint32_t> waiting_;  // right children, the nearest last
};

Status read_leaves(OpSpec& spec, std::size_t leaves, Ensemble& ensemble) {
  if (spec.has_tensor("output")) {
    const auto last = static_cast<std::int64_t>(ensemble.outputs) - 1;
    BASCULE_TRY(const auto outputs, spec.integers("output", ensemble.trees(), 0, last));
    ensemble.tree_output.assign(outputs.begin(), outputs.end());
  }
  const std::size_t columns = ensemble.tree_output.empty() ? ensemble.outputs : 1;
  BASCULE_TRY(ensemble.leaf, spec.any_matrix("leaf", leaves, columns));
  return {};
}

// Leaves that are linear models, where `terms` says so.
Status read_linear_leaves(OpSpec& spec, std::size_t leaves, Ensemble& ensemble) {
  if (!spec.has_tensor("terms")) {
    return {};
  }
  if (ensemble.tree_output.empty() && ensemble.outputs != 1) {
    return spec.error("has linear leaves of {} columns, expected one", ensemble.outputs);
  }
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  BASCULE_TRY(const auto counts, spec.integers("terms", leaves, 0, kMost));
  LinearLeaves& linear = ensemble.linear;
  linear.start.reserve(leaves + 1);
  std::int64_t total = 0;  // a count is below 2^31, and so is the count of leaves: no overflow
  linear.start.push_back(0);
  for (const auto count : counts) {
    total += count;
    if (total > kMost) {
      return spec.error("its leaves have more than {} terms", kMost);
    }
    linear.start.push_back(static_cast<std::uint32_t>(total));
  }
  const auto terms = static_cast<std::size_t>(total);
  const auto last = static_cast<std::int64_t>(ensemble.features) - 1;
  BASCULE_TRY(const auto columns, spec.integers("term_column", terms, 0, last));
  linear.column.assign(columns.begin(), columns.end());
  BASCULE_TRY(linear.weight, spec.floats("term_weight", terms));
  BASCULE_TRY(linear.constant, spec.floats("constant", leaves));
  return {};
}

// What reason codes need, and scores do not.
Status check_notes(OpSpec& spec, std::size_t nodes) {
  for (const std::string_view role : {"cover", "id"}) {
    if (spec.has_tensor(role)) {
      BASCULE_CHECK_OK(spec.numbers(role, nodes));
    }
  }
  return {};
}
}  // namespace

Result<Ensemble> Ensemble::load_splits(OpSpec& spec, std::size_t features) {
  Ensemble ensemble;
  ensemble.features = features;
  BASCULE_TRY(ensemble.float32_input, is_float32(spec, "input"));
  NodeReader reader(spec, ensemble);
  BASCULE_CHECK_OK(reader.read());
  return ensemble;
}

Result<Ensemble> Ensemble::load(OpSpec& spec, std::size_t features) {
  Ensemble ensemble;
  ensemble.features = features;
  BASCULE_TRY(const auto outputs,
              spec.integer("outputs", 1, static_cast<std::int64_t>(limits::kDenseWidth)));
  ensemble.outputs = static_cast<std::size_t>(outputs);
  BASCULE_TRY(ensemble.float32_input, is_float32(spec, "input"));
  BASCULE_TRY(ensemble.float32_sum, is_float32(spec, "sum"));
  if (spec.has("divide_by")) {
    BASCULE_TRY(ensemble.divide_by, spec.number("divide_by"));
    if (ensemble.divide_by == 0) {
      return spec.error("attribute 'divide_by' is 0");
    }
  }
  if (spec.inputs().size() < 2) {
    BASCULE_TRY(ensemble.base, spec.floats("base", ensemble.outputs));
  }
  NodeReader reader(spec, ensemble);
  BASCULE_CHECK_OK(reader.read());
  BASCULE_CHECK_OK(read_leaves(spec, reader.leaves(), ensemble));
  BASCULE_CHECK_OK(read_linear_leaves(spec, reader.leaves(), ensemble));
  BASCULE_CHECK_OK(check_notes(spec, ensemble.nodes.size()));
  return ensemble;
}

}  // namespace bascule
