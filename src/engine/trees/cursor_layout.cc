#include "engine/trees/cursor_layout.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace bascule {
namespace {
constexpr std::size_t kRankedInColumn = 255;  // thresholds; the 256th answer is NaN's
constexpr std::size_t kMostColumns = std::numeric_limits<std::uint16_t>::max();
// Sets of many categories beside small ones would make a table of mostly zeros.
constexpr std::size_t kMostCategoryBytes = std::size_t{4} << 20;
// Where trees look at so many columns that few share a group, lanes stay empty.
constexpr std::size_t kFewestInGroup = 16;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
std::size_t bytes_of(const std::vector<T>& vector) {
  return vector.size() * sizeof(T);
}
}  // namespace

class CursorLayout::Builder {
 public:
  Builder(const Ensemble& ensemble, CursorLayout& layout) : ensemble_(ensemble), layout_(layout) {}

  bool build() {
    if (!count_leaves()) {
      return false;
    }
    order_trees();
    plan_numbers();
    if (!plan_categories() || columns_ > kMostColumns) {
      return false;
    }
    write_splits();
    group_trees();
    if (group_start_.size() - 1 > 1 + ensemble_.trees() / kFewestInGroup) {
      return false;
    }
    write_steps();
    layout_.sums_ = LeafSumsLayout(ensemble_, std::move(slots_));
    write_data();
    return true;
  }

 private:
  using Question = std::tuple<std::int32_t, std::int32_t, bool>;  // feature, set, missing_left
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Until the next call.
  const std::vector<TreeNode>& nodes_of(std::size_t tree) {
    ensemble_.splits->unpack(tree, nodes_);
    return nodes_;
  }

  bool count_leaves() {
    const auto& tree_start = ensemble_.splits->tree_start;
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      const std::uint32_t nodes = tree_start[tree + 1] - tree_start[tree];
      leaves_.push_back(nodes / 2 + 1);  // every split has two children
    }
    return std::ranges::max(leaves_) <= kLaneLeaves;
  }

  // A group runs as many steps as its largest tree.
  void order_trees() {
    order_.resize(ensemble_.trees());
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::sort(order_, {}, [&](std::uint32_t tree) {
      return std::pair(-static_cast<int>(leaves_[tree]), tree);
    });
  }

  // Numbers: the thresholds of each feature, and its columns.

  void plan_numbers() {
    thresholds_.resize(ensemble_.features);
    number_of_.assign(ensemble_.features, kNone);
    std::vector<std::uint8_t> sides(ensemble_.features);  // bit 0: NaN goes right, bit 1: left
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      for (const TreeNode& node : nodes_of(tree)) {
        if (node.feature >= 0 && node.set < 0) {
          const auto feature = static_cast<std::size_t>(node.feature);
          thresholds_[feature].push_back(node.threshold);
          sides[feature] |= node.missing_left ? 2 : 1;
        }
      }
    }
    std::array<std::vector<std::size_t>, kCursorSearches> features;  // by search
    for (std::size_t feature = 0; feature < thresholds_.size(); ++feature) {
      auto& all = thresholds_[feature];
      if (all.empty()) {
        continue;
      }
      std::ranges::sort(all);
      all.erase(std::ranges::unique(all).begin(), all.end());
      all.shrink_to_fit();
      features[static_cast<std::size_t>(search_for(all.size()).search)].push_back(feature);
    }
    for (std::size_t search = 0; search < kCursorSearches; ++search) {
      for (const std::size_t feature : features[search]) {
        plan_number(feature, sides[feature]);
      }
      layout_.data_.search_end[search] = layout_.number_.size();
    }
    layout_.number_.shrink_to_fit();
    layout_.table_.shrink_to_fit();
  }

  void plan_number(std::size_t feature, std::uint8_t sides) {
    const auto& all = thresholds_[feature];
    number_of_[feature] = static_cast<std::uint32_t>(layout_.number_.size());
    const auto columns = (all.size() + kRankedInColumn - 1) / kRankedInColumn;
    CursorNumber number = searched(all);
    number.feature = static_cast<std::uint32_t>(feature);
    number.columns = static_cast<std::uint32_t>(columns);
    number.column_right = (sides & 1) != 0 ? take_columns(columns) : kNone;
    number.column_left = (sides & 2) != 0 ? take_columns(columns) : kNone;
    layout_.number_.push_back(number);
  }

  // Puts the sides that no split asks for behind all other columns, one over the other.
  std::size_t spare_columns() {
    std::size_t most = 0;
    for (CursorNumber& number : layout_.number_) {
      for (std::uint32_t* side : {&number.column_right, &number.column_left}) {
        if (*side == kNone) {
          *side = static_cast<std::uint32_t>(columns_);
          most = std::max<std::size_t>(most, number.columns);
        }
      }
    }
    return most;
  }

  std::uint32_t take_columns(std::size_t count) {
    return static_cast<std::uint32_t>(std::exchange(columns_, columns_ + count));
  }

  // Appends pivots and thresholds to the table.
  CursorNumber searched(const std::vector<double>& all) {
    CursorNumber number{};
    number.count = static_cast<std::uint32_t>(all.size());
    const auto [unused, pivots, block] = search_for(all.size());
    // A pivot is the last threshold of its block. The last block has none, so that an x above every
    // threshold is counted inside the table.
    std::vector<double> pivot(pivots, kInfinity);
    for (std::size_t b = 0; (b + 1) * block < all.size() && b < pivots; ++b) {
      pivot[b] = all[(b + 1) * block - 1];
    }
    number.pivots = append(pivot, pivots);
    number.thresholds = append(all, std::max(pivots * block, block));
    return number;
  }

  struct Search {
    CursorSearch search;
    std::size_t pivots;
    std::size_t block;  // thresholds
  };
  static Search search_for(std::size_t count) {
    if (count <= 8) {
      return {CursorSearch::kBlock8, 0, 8};
    }
    if (count <= 64) {
      return {CursorSearch::kPivots8Block8, 8, 8};
    }
    if (count <= 128) {
      return {CursorSearch::kPivots16Block8, 16, 8};
    }
    if (count <= 256) {
      return {CursorSearch::kPivots16Block16, 16, 16};
    }
    return {CursorSearch::kHalving, 0, 8};
  }

  // Where the values begin in the table; followed by infinities up to `room`.
  std::uint32_t append(const std::vector<double>& values, std::size_t room) {
    const std::size_t start = layout_.table_.size() * 8;
    const std::size_t eights = (std::max(values.size(), room) + 7) / 8;
    layout_.table_.resize(layout_.table_.size() + eights);
    for (std::size_t i = 0; i < 8 * eights; ++i) {
      layout_.table_[(start + i) / 8].value[i % 8] = i < values.size() ? values[i] : kInfinity;
    }
    return static_cast<std::uint32_t>(start);
  }

  // Categories: a bit for each question that splits ask, in the order in which groups ask them, so
  // that a group finds its bits in few columns.

  bool plan_categories() {
    if (ensemble_.splits->set.empty()) {
      return true;
    }
    std::map<std::int32_t, std::vector<Question>> asked;  // by feature
    for (const std::uint32_t tree : order_) {
      for (const TreeNode& node : nodes_of(tree)) {
        if (node.feature < 0 || node.set < 0) {
          continue;
        }
        auto& questions = asked[node.feature];
        const Question question{node.feature, node.set, node.missing_left};
        if (bit_of_.try_emplace(question, static_cast<std::uint32_t>(questions.size())).second) {
          questions.push_back(question);
        }
      }
    }
    std::size_t total = 0;
    for (const auto& [feature, questions] : asked) {
      CursorCategory category{};
      category.feature = static_cast<std::uint32_t>(feature);
      std::size_t categories = 0;
      for (const auto& [unused, set, missing_left] : questions) {
        categories = std::max(categories, ensemble_.splits->sets.categories(set));
      }
      const std::size_t columns = (questions.size() + 7) / 8;
      const std::size_t start = total;
      total += (categories + 2) * columns;
      if (total > kMostCategoryBytes) {
        return false;
      }
      category.categories = static_cast<std::uint32_t>(categories);
      category.columns = static_cast<std::uint32_t>(columns);
      category.column = take_columns(columns);
      category.table = static_cast<std::uint32_t>(start);
      layout_.category_bytes_.resize(total);
      write_answers(category, questions);
      category_of_[feature] = category.column;
      layout_.category_.push_back(category);
    }
    return true;
  }

  void write_answers(const CursorCategory& category, const std::vector<Question>& questions) {
    std::uint8_t* bytes = layout_.category_bytes_.data() + category.table;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const auto [feature, set, missing_left] = questions[i];
      const auto bit = static_cast<std::uint8_t>(1U << (i % 8));
      for (std::size_t code = 0; code < category.categories + std::size_t{2}; ++code) {
        const bool left = code == category.categories + std::size_t{1}
                              ? missing_left
                              : code < category.categories &&
                                    ensemble_.splits->sets.contains(set, static_cast<double>(code));
        bytes[code * category.columns + i / 8] |= left ? 0 : bit;
      }
    }
  }

  // Splits.

  void write_splits() {
    layout_.splits_.reserve(ensemble_.splits->splits());
    std::vector<std::uint32_t> before;  // leaves of the tree before each of its nodes
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      layout_.tree_split_.push_back(static_cast<std::uint32_t>(layout_.splits_.size()));
      const auto& nodes = nodes_of(tree);
      before.clear();
      std::uint32_t leaves = 0;
      for (const TreeNode& node : nodes) {
        before.push_back(leaves);
        leaves += node.feature < 0 ? 1 : 0;
      }
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const TreeNode& node = nodes[i];
        if (node.feature >= 0) {
          CursorSplit split = node.set >= 0 ? category_split(node) : number_split(node);
          split.first = static_cast<std::uint8_t>(before[i]);
          split.right = static_cast<std::uint8_t>(before[node.right_or_leaf]);
          layout_.splits_.push_back(split);
        }
      }
    }
    layout_.tree_split_.push_back(static_cast<std::uint32_t>(layout_.splits_.size()));
  }

  CursorSplit number_split(const TreeNode& node) const {
    const auto feature = static_cast<std::size_t>(node.feature);
    const CursorNumber& number = layout_.number_[number_of_[feature]];
    const auto& all = thresholds_[feature];
    const auto at =
        static_cast<std::size_t>(std::ranges::lower_bound(all, node.threshold) - all.begin());
    const std::uint32_t first = node.missing_left ? number.column_left : number.column_right;
    CursorSplit split{};
    split.column = static_cast<std::uint16_t>(first + at / kRankedInColumn);
    split.rank = static_cast<std::uint8_t>(at % kRankedInColumn);
    split.mask = 255;
    return split;
  }

  CursorSplit category_split(const TreeNode& node) const {
    const std::uint32_t bit =
        bit_of_.find(Question{node.feature, node.set, node.missing_left})->second;
    CursorSplit split{};
    split.column = static_cast<std::uint16_t>(category_of_.find(node.feature)->second + bit / 8);
    split.mask = static_cast<std::uint8_t>(1U << (bit % 8));
    return split;
  }

  std::span<const CursorSplit> splits_of(std::uint32_t tree) const {
    return std::span(layout_.splits_)
        .subspan(layout_.tree_split_[tree],
                 layout_.tree_split_[tree + 1] - layout_.tree_split_[tree]);
  }

  // Groups. Up to 64 trees that look at no more than 256 columns; a tree has at most 255 splits, so
  // that every tree fits one.

  void group_trees() {
    group_start_.push_back(0);
    const bool windows = columns_ > kCursorGroupColumns;
    if (windows) {
      place_.assign(columns_, kNone);
      layout_.group_column_.push_back(0);
    }
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      if (i - group_start_.back() == kTreeLanes || (windows && !fits_window(order_[i]))) {
        close_group(i, windows);
      }
      if (windows) {
        widen_window(order_[i]);
      }
    }
    close_group(static_cast<std::uint32_t>(order_.size()), windows);
  }

  bool fits_window(std::uint32_t tree) {
    const std::size_t before = layout_.group_columns_.size();
    const std::size_t start = layout_.group_column_.back();
    widen_window(tree);
    if (layout_.group_columns_.size() - start <= kCursorGroupColumns) {
      return true;
    }
    for (std::size_t i = before; i < layout_.group_columns_.size(); ++i) {
      place_[layout_.group_columns_[i]] = kNone;
    }
    layout_.group_columns_.resize(before);
    return false;
  }

  void widen_window(std::uint32_t tree) {
    for (const CursorSplit& split : splits_of(tree)) {
      if (place_[split.column] == kNone) {
        place_[split.column] = 0;
        layout_.group_columns_.push_back(split.column);
      }
    }
  }

  void close_group(std::uint32_t end, bool windows) {
    group_start_.push_back(end);
    if (!windows) {
      return;
    }
    for (std::size_t i = layout_.group_column_.back(); i < layout_.group_columns_.size(); ++i) {
      place_[layout_.group_columns_[i]] = kNone;
    }
    layout_.group_column_.push_back(static_cast<std::uint32_t>(layout_.group_columns_.size()));
  }

  void write_steps() {
    const std::size_t groups = group_start_.size() - 1;
    const std::size_t lines = layout_.category_.empty() ? 4 : 5;
    slots_.resize(order_.size());
    std::size_t steps = 0;
    layout_.group_step_.push_back(0);
    for (std::size_t group = 0; group < groups; ++group) {
      steps += leaves_[order_[group_start_[group]]] - std::size_t{1};
      layout_.group_step_.push_back(static_cast<std::uint32_t>(steps));
    }
    // A step that never fires: no byte is above 255.
    layout_.steps_.resize(steps * lines);
    for (std::size_t step = 0; step < steps; ++step) {
      std::ranges::fill(layout_.steps_[step * lines + 1].byte, std::uint8_t{255});
    }
    for (std::size_t group = 0; group < groups; ++group) {
      number_window(group);
      for (std::uint32_t i = group_start_[group]; i < group_start_[group + 1]; ++i) {
        const std::size_t lane = i - group_start_[group];
        slots_[order_[i]] = static_cast<std::uint32_t>(group * kTreeLanes + lane);
        write_lane(order_[i], layout_.steps_.data() + layout_.group_step_[group] * lines, lines,
                   lane);
      }
    }
  }

  void number_window(std::size_t group) {
    if (layout_.group_column_.empty()) {
      return;
    }
    const std::uint32_t start = layout_.group_column_[group];
    for (std::uint32_t i = start; i < layout_.group_column_[group + 1]; ++i) {
      place_[layout_.group_columns_[i]] = i - start;
    }
  }

  void write_lane(std::uint32_t tree, Lanes* line, std::size_t lines, std::size_t lane) const {
    for (const CursorSplit& split : splits_of(tree)) {
      const std::uint32_t column = place_.empty() ? split.column : place_[split.column];
      line[0].byte[lane] = static_cast<std::uint8_t>(column);
      line[1].byte[lane] = split.rank;
      line[2].byte[lane] = split.first;
      line[3].byte[lane] = split.right;
      if (lines > 4) {
        line[4].byte[lane] = split.mask;
      }
      line += lines;
    }
  }

  void write_data() {
    const CursorLayout& l = layout_;
    std::size_t widest = columns_;
    if (!l.group_column_.empty()) {
      widest = 0;
      for (std::size_t group = 0; group + 1 < l.group_column_.size(); ++group) {
        widest = std::max<std::size_t>(widest, l.group_column_[group + 1] - l.group_column_[group]);
      }
    }
    CursorData& data = layout_.data_;
    static_cast<LeafSums&>(data) = l.sums_.data(ensemble_);
    data.columns = columns_ + spare_columns();
    data.categories = l.category_.size();
    data.number = l.number_.data();
    data.category = l.category_.data();
    data.table = l.table_.empty() ? nullptr : l.table_.front().value;
    data.category_bytes = l.category_bytes_.data();
    data.tree_split = l.tree_split_.data();
    data.splits = l.splits_.data();
    data.steps = l.steps_.empty() ? nullptr : l.steps_.front().byte;
    data.group_step = l.group_step_.data();
    data.group_columns = l.group_column_.empty() ? nullptr : l.group_columns_.data();
    data.group_column = l.group_column_.data();
    data.widest_group = widest;
    data.masks = !l.category_.empty();
  }

  const Ensemble& ensemble_;
  CursorLayout& layout_;
  std::vector<TreeNode> nodes_;  // of one tree
  std::size_t columns_ = 0;
  std::vector<std::uint32_t> leaves_;                  // [trees]
  std::vector<std::uint32_t> slots_;                   // [trees]
  std::vector<std::uint32_t> order_;                   // trees, the largest first
  std::vector<std::vector<double>> thresholds_;        // by feature: ascending, distinct
  std::vector<std::uint32_t> number_of_;               // by feature: index of its CursorNumber
  std::map<Question, std::uint32_t> bit_of_;           // counted by feature
  std::map<std::int32_t, std::uint32_t> category_of_;  // by feature: its first column
  std::vector<std::uint32_t> group_start_;             // into order_
  std::vector<std::uint32_t> place_;                   // by column: its place in a window
};

std::optional<CursorLayout> CursorLayout::build(const Ensemble& ensemble) {
  std::optional<CursorLayout> layout(std::in_place);
  if (!Builder(ensemble, *layout).build()) {
    layout.reset();
  }
  return layout;  // data() points into vectors, whose elements stay where they are
}

std::size_t CursorLayout::bytes() const noexcept {
  return bytes_of(number_) + bytes_of(category_) + bytes_of(table_) + bytes_of(category_bytes_) +
         bytes_of(tree_split_) + bytes_of(splits_) + bytes_of(steps_) + bytes_of(group_step_) +
         bytes_of(group_columns_) + bytes_of(group_column_) + sums_.bytes();
}

}  // namespace bascule
