#include "engine/trees/oblivious_layout.h"

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <limits>
#include <numeric>
#include <utility>

namespace bascule {
namespace {
// A block's answers, 64 bytes each, stay below 1 MiB.
constexpr std::size_t kMostConditions = 16'000;
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::size_t up_to(std::size_t count, std::size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}
}  // namespace

class ObliviousLayout::Builder {
 public:
  Builder(const Ensemble& ensemble, ObliviousLayout& layout)
      : ensemble_(ensemble), layout_(layout) {}

  bool build() {
    if (!ensemble_.float32_input || !ensemble_.splits->set.empty() || !read_questions() ||
        !place_conditions()) {
      return false;
    }
    layout_.condition_.reserve(questions_.size());
    for (const Question& question : questions_) {
      layout_.condition_.push_back(condition_of(question));
    }
    write_cells();
    write_steps();
    std::vector<std::uint32_t> slots(ensemble_.trees());
    std::iota(slots.begin(), slots.end(), 0U);
    layout_.sums_ = LeafSumsLayout(ensemble_, std::move(slots));
    write_data();
    return true;
  }

 private:
  struct Question {
    std::int32_t feature;
    bool missing_left;
    float border;
    auto operator<=>(const Question&) const = default;  // no border is NaN
  };

  // The questions of each tree's levels, the root's first.
  bool read_questions() {
    std::vector<TreeNode> nodes;
    layout_.tree_level_.push_back(0);
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      const auto& start = ensemble_.splits->tree_start;
      const std::uint32_t leaves = (start[tree + 1] - start[tree]) / 2 + 1;
      const auto depth = static_cast<std::size_t>(std::bit_width(leaves) - 1);
      if (!std::has_single_bit(leaves) || depth > kObliviousDepth) {
        return false;
      }
      ensemble_.splits->unpack(tree, nodes);
      if (!is_symmetric(nodes, 0, 0, depth)) {
        return false;
      }
      for (std::size_t level = 0; level < depth; ++level) {
        questions_.push_back(question_of(nodes[level]));  // of the leftmost path
      }
      depth_ = std::max(depth_, depth);
      layout_.tree_level_.push_back(static_cast<std::uint32_t>(questions_.size()));
    }
    return true;
  }

  // Whether all splits of a level ask what the leftmost does, and all leaves are `depth` deep.
  static bool is_symmetric(const std::vector<TreeNode>& nodes, std::size_t at, std::size_t level,
                           std::size_t depth) {
    if (level == depth) {
      return nodes[at].feature < 0;
    }
    return nodes[at].feature >= 0 && question_of(nodes[at]) == question_of(nodes[level]) &&
           is_symmetric(nodes, at + 1, level + 1, depth) &&
           is_symmetric(nodes, nodes[at].right_or_leaf, level + 1, depth);
  }

  static Question question_of(const TreeNode& node) {
    return {node.feature, node.missing_left, float32_not_above(node.threshold)};
  }

  // Conditions stand by feature and side of NaN, in the order of their borders.
  bool place_conditions() {
    distinct_ = questions_;
    std::ranges::sort(distinct_);
    distinct_.erase(std::ranges::unique(distinct_).begin(), distinct_.end());
    for (std::size_t i = 0; i < distinct_.size();) {
      const Question lowest = distinct_[i];
      std::size_t end = i;
      while (end < distinct_.size() && distinct_[end].feature == lowest.feature &&
             distinct_[end].missing_left == lowest.missing_left) {
        first_of_.push_back(static_cast<std::uint32_t>(border_.size() - i));
        ++end;
      }
      if (!place_feature(i, end)) {
        return false;
      }
      i = end;
    }
    return border_.size() <= kMostConditions;
  }

  bool place_feature(std::size_t begin, std::size_t end) {
    const bool missing_left = distinct_[begin].missing_left;
    ObliviousFeature used{};
    used.feature = static_cast<std::uint32_t>(distinct_[begin].feature);
    used.first = static_cast<std::uint32_t>(border_.size());
    used.count = static_cast<std::uint32_t>(end - begin);
    used.missing = missing_left ? -kInfinity : kInfinity;
    used.largest = kInfinity;
    for (std::size_t i = begin; i < end; ++i) {
      border_.push_back(distinct_[i].border);
    }
    if (!missing_left && border_.back() == kInfinity) {
      if (used.count > 1 && *(border_.end() - 2) == kLargest) {
        return false;  // NaN passes +inf, and +inf passes the largest number: one byte too few
      }
      border_.back() = kLargest;
      used.largest = kLargest;
    }
    const std::size_t whole = up_to(border_.size(), kConditionsAtOnce);
    border_.resize(whole, kInfinity);
    layout_.asked_.resize(whole / kConditionsAtOnce,
                          static_cast<std::uint32_t>(layout_.feature_.size()));
    layout_.feature_.push_back(used);
    return true;
  }

  void write_cells() {
    const std::size_t used = layout_.feature_.size();
    bool in_order = true;
    for (std::size_t i = 0; i < used; ++i) {
      in_order = in_order && layout_.feature_[i].feature == i;
    }
    for (std::size_t i = 0; in_order && i < up_to(used, kConditionsAtOnce); ++i) {
      layout_.cell_missing_.push_back(i < used ? layout_.feature_[i].missing : 0);
      layout_.cell_largest_.push_back(i < used ? layout_.feature_[i].largest : 0);
    }
    const std::size_t conditions = up_to(border_.size(), kAnswersAtOnce);
    border_.resize(conditions, kInfinity);
    layout_.border_.resize(conditions / kConditionsAtOnce);
    for (std::size_t i = 0; i < conditions; ++i) {
      layout_.border_[i / kConditionsAtOnce].border[i % kConditionsAtOnce] = border_[i];
    }
    layout_.asked_.resize(conditions / kConditionsAtOnce);
  }

  std::uint32_t condition_of(const Question& question) const {
    const auto at =
        static_cast<std::size_t>(std::ranges::lower_bound(distinct_, question) - distinct_.begin());
    return first_of_[at] + static_cast<std::uint32_t>(at);
  }

  void write_steps() {
    const bool tables = border_.size() > kTableConditions;
    const std::size_t vectors = tables ? 3 : 2;
    const std::size_t groups = (ensemble_.trees() + kTreeLanes - 1) / kTreeLanes;
    layout_.steps_.resize(groups * depth_ * vectors);
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      const std::uint32_t first = layout_.tree_level_[tree];
      const std::uint32_t end = layout_.tree_level_[tree + 1];
      std::size_t step = tree / kTreeLanes * depth_ + depth_ - (end - first);
      for (std::uint32_t i = first; i < end; ++i, ++step) {
        const std::uint32_t condition = layout_.condition_[i];
        Lanes* lanes = layout_.steps_.data() + step * vectors;
        const std::size_t lane = tree % kTreeLanes;
        lanes[0].byte[lane] = static_cast<std::uint8_t>(condition / 8);
        lanes[1].byte[lane] = static_cast<std::uint8_t>(1U << (condition % 8));
        if (tables) {
          lanes[2].byte[lane] = static_cast<std::uint8_t>(condition / kTableConditions);
        }
      }
    }
  }

  void write_data() {
    ObliviousData& data = layout_.data_;
    static_cast<LeafSums&>(data) = layout_.sums_.data(ensemble_);
    data.used = layout_.feature_.size();
    data.feature = layout_.feature_.data();
    data.conditions = border_.size();
    data.border = layout_.border_.empty() ? nullptr : layout_.border_.front().border;
    data.cell_missing = layout_.cell_missing_.empty() ? nullptr : layout_.cell_missing_.data();
    data.cell_largest = layout_.cell_largest_.data();
    data.asked = layout_.asked_.data();
    data.tree_level = layout_.tree_level_.data();
    data.condition = layout_.condition_.data();
    data.steps = layout_.steps_.empty() ? nullptr : layout_.steps_.front().byte;
    data.depth = depth_;
  }

  const Ensemble& ensemble_;
  ObliviousLayout& layout_;
  std::size_t depth_ = 0;
  std::vector<float> border_;
  std::vector<Question> questions_;      // of all levels of all trees
  std::vector<Question> distinct_;       // ascending
  std::vector<std::uint32_t> first_of_;  // condition of a distinct question, less its position
};

std::optional<ObliviousLayout> ObliviousLayout::build(const Ensemble& ensemble) {
  std::optional<ObliviousLayout> layout(std::in_place);
  if (!Builder(ensemble, *layout).build()) {
    layout.reset();
  }
  return layout;  // data() points into vectors, whose elements stay where they are
}

std::size_t ObliviousLayout::bytes() const noexcept {
  return sums_.bytes() + feature_.size() * sizeof(ObliviousFeature) +
         border_.size() * sizeof(Borders) + cell_missing_.size() * 2 * sizeof(float) +
         asked_.size() * sizeof(std::uint32_t) + tree_level_.size() * sizeof(std::uint32_t) +
         condition_.size() * sizeof(std::uint32_t) + steps_.size() * sizeof(Lanes);
}

}  // namespace bascule
