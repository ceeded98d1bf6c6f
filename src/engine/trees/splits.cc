#include "engine/trees/splits.h"

#include <array>
#include <limits>
#include <string_view>

#include "base/limits.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 8> kRoles = {
    "feature", "missing_left", "nodes", "right", "threshold", "set", "set_words", "set_bits"};
constexpr std::size_t kRolesWithoutSets = 5;

// Whether nodes are exactly one tree in pre-order. `right` has an element more than there are
// splits, for a leaf that comes after the last split to read in vain.
//
// In pre-order the left subtree follows its split, and then comes the right child: so the node
// after a leaf must be the right child that has waited the shortest. This proves that a walk ends
// and stays inside its tree. Leaves and splits alternate as if by chance, so nothing branches on
// which of them a node is.
bool is_one_tree(std::span<const std::int32_t> feature, std::span<const std::uint32_t> right) {
  std::array<std::uint32_t, limits::kTreeDepth + 2> waiting;  // right children, the nearest on top
  waiting[0] = 0;                                             // read below the bottom, in vain
  std::size_t top = 0;
  std::size_t split = 0;
  bool fine = true;
  const std::size_t last = feature.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const bool is_split = feature[i] >= 0;
    fine &= is_split | (waiting[top] == i + 1);
    waiting[top + 1] = right[split];
    split += is_split ? 1 : 0;
    top += is_split ? 1 : std::size_t{0} - 1;
    if (top > limits::kTreeDepth) {  // too deep, or below the bottom: whole before its last node
      return false;
    }
  }
  return fine && top == 0 && feature[last] < 0;
}

class Reader {
 public:
  Reader(OpSpec& spec, std::size_t features, Splits& splits)
      : spec_(spec), features_(features), splits_(splits) {}

  Status read() {
    BASCULE_CHECK_OK(read_counts());
    BASCULE_CHECK_OK(read_nodes());
    BASCULE_CHECK_OK(read_sets());
    return check_trees();
  }

 private:
  Status read_counts() {
    constexpr auto kMostNodes = std::numeric_limits<std::int32_t>::max();
    BASCULE_TRY(const auto counts, spec_.any_integers("nodes", OpSpec::kAny, 1, kMostNodes));
    if (counts.empty() || counts.size() > limits::kTrees) {
      return spec_.error("has {} trees, expected 1 to {}", counts.size(), limits::kTrees);
    }
    std::int64_t total = 0;  // at most kTrees * kMostNodes: no overflow
    splits_.tree_start.reserve(counts.size() + 1);
    for (std::size_t tree = 0; tree < counts.size(); ++tree) {
      splits_.tree_start.push_back(static_cast<std::uint32_t>(total));
      total += counts[tree];
      if (total > kMostNodes) {
        return spec_.error("has more than {} nodes", kMostNodes);
      }
    }
    splits_.tree_start.push_back(static_cast<std::uint32_t>(total));
    return {};
  }

  Status read_nodes() {
    constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
    const auto last = static_cast<std::int64_t>(features_) - 1;
    BASCULE_TRY(splits_.feature, spec_.any_integers("feature", splits_.nodes(), -1, last));
    const std::size_t count = count_splits();
    BASCULE_TRY(splits_.threshold, spec_.any_floats("threshold", count));
    BASCULE_TRY(splits_.right, spec_.any_integers("right", count, 0, kMost));
    if (spec_.has_tensor("missing_left")) {
      BASCULE_TRY(splits_.missing_left, spec_.any_integers("missing_left", count, 0, 1));
    }
    return check_thresholds();
  }

  // Leaves the features of a tree in feature_.
  void copy_features(std::size_t tree) {
    const std::uint32_t start = splits_.tree_start[tree];
    feature_.resize(splits_.tree_start[tree + 1] - start);
    splits_.feature.copy(start, std::span(feature_));
  }

  std::size_t count_splits() {
    std::size_t count = 0;
    for (std::size_t tree = 0; tree < splits_.trees(); ++tree) {
      copy_features(tree);
      for (const std::int32_t feature : feature_) {
        count += feature >= 0 ? 1 : 0;
      }
    }
    return count;
  }

  Status check_thresholds() {
    bool some_nan = false;
    for (std::size_t i = 0; i < splits_.splits(); ++i) {
      some_nan |= std::isnan(splits_.threshold[i]);
    }
    if (!some_nan) {
      return {};
    }
    std::size_t split = 0;
    for (std::size_t tree = 0; tree < splits_.trees(); ++tree) {
      copy_features(tree);
      for (std::size_t i = 0; i < feature_.size(); ++i) {
        if (feature_[i] >= 0 && std::isnan(splits_.threshold[split++])) {
          return spec_.error("tree {}: node {} has NaN as its threshold", tree, i);
        }
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
                spec_.any_integers("set_bits", static_cast<std::size_t>(total), 0, kMostBits));
    const auto last = static_cast<std::int64_t>(sizes.size()) - 1;
    BASCULE_TRY(splits_.set, spec_.any_integers("set", splits_.splits(), -1, last));
    std::vector<std::uint32_t> words(bits.size());
    bits.copy(0, std::span(words));
    splits_.sets = CategorySets(std::move(start), std::move(words));
    return {};
  }

  Status check_trees() {
    std::size_t split = 0;
    for (std::size_t tree = 0; tree < splits_.trees(); ++tree) {
      copy_features(tree);
      const std::size_t count = std::min(feature_.size(), splits_.splits() - split);
      right_.resize(count + 1);
      splits_.right.copy(split, std::span(right_).first(count));
      if (!is_one_tree(feature_, right_)) {
        return why_not_a_tree(tree);
      }
      split += feature_.size() / 2;
    }
    return {};
  }

  // The sentence for a tree that is none; slower, and it names the node.
  std::unexpected<Error> why_not_a_tree(std::size_t tree) const {
    std::vector<std::uint32_t> waiting;
    std::size_t split = 0;
    for (std::size_t i = 0; i < feature_.size(); ++i) {
      if (feature_[i] >= 0) {
        waiting.push_back(right_[split++]);
        if (waiting.size() > limits::kTreeDepth) {
          return spec_.error("tree {} is deeper than {} splits", tree, limits::kTreeDepth);
        }
        continue;
      }
      if (waiting.empty()) {
        return spec_.error("tree {} is whole after node {}, but has {} nodes", tree, i,
                           feature_.size());
      }
      if (i + 1 < feature_.size() && waiting.back() != i + 1) {
        return spec_.error("tree {}: after leaf {} comes node {}, but its split says {}", tree, i,
                           i + 1, waiting.back());
      }
      waiting.pop_back();
    }
    return spec_.error("tree {} ends before all its splits have two children", tree);
  }

  OpSpec& spec_;
  std::size_t features_;
  Splits& splits_;
  // Of one tree.
  std::vector<std::int32_t> feature_;
  std::vector<std::uint32_t> right_;
};
}  // namespace

void Splits::unpack(std::size_t tree, std::vector<TreeNode>& nodes) const {
  Place at = root(tree);
  const std::uint32_t end = tree_start[tree + 1];
  nodes.assign(end - at.node, TreeNode{});
  for (TreeNode& node : nodes) {
    node.feature = static_cast<std::int32_t>(feature[at.node]);
    if (node.feature < 0) {
      node.right_or_leaf = at.leaf();
    } else {
      node.right_or_leaf = static_cast<std::uint32_t>(right[at.split]);
      node.threshold = threshold[at.split];
      node.missing_left = !missing_left.empty() && missing_left[at.split] != 0;
      node.set = set.empty() ? -1 : static_cast<std::int32_t>(set[at.split]);
      ++at.split;
    }
    ++at.node;
  }
}

Result<std::shared_ptr<const Splits>> Splits::load(OpSpec& spec, std::size_t features) {
  const bool sets = spec.has_tensor("set");
  auto& shared = spec.shared(fmt::format("splits of {} features", features),
                             std::span(kRoles).first(sets ? kRoles.size() : kRolesWithoutSets));
  if (shared != nullptr) {
    return std::static_pointer_cast<const Splits>(shared);
  }
  auto splits = std::make_shared<Splits>();
  BASCULE_CHECK_OK(Reader(spec, features, *splits).read());
  shared = splits;
  return splits;
}

}  // namespace bascule
