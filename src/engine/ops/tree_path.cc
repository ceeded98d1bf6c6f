// tree_path: 1 in the column of every node that a row passes on its way down each tree.
//
// With a column for each node it is scikit-learn's decision_path, with one for each leaf the leaf a
// row falls into, one-hot. Splits decide as in tree_ensemble.

#include <cstdint>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/trees/ensemble.h"

namespace bascule {
namespace {
class TreePath final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto features, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(auto trees, Ensemble::load_splits(spec, features));
    BASCULE_TRY(const auto width,
                spec.integer("width", 1, static_cast<std::int64_t>(limits::kWidth)));
    BASCULE_TRY(const auto columns, spec.integers("column", trees.nodes.size(), -1, width - 1));
    BASCULE_CHECK_OK(check_order(spec, trees, columns));
    spec.output(ValueType{ValueKind::kCsr, static_cast<std::size_t>(width)});
    return std::make_unique<TreePath>(std::move(trees),
                                      std::vector<std::int32_t>(columns.begin(), columns.end()));
  }

  TreePath(Ensemble trees, std::vector<std::int32_t> column)
      : trees_(std::move(trees)), column_(std::move(column)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    Ragged& y = out[0].ragged();
    y.begin();
    for (std::size_t row = 0; row < rows; ++row, x += trees_.features) {
      if (!push_row(x, y)) {
        refused.mark(row, RowCode::kNoMemory);
        y.drop_row();
      }
      y.end_row();
    }
  }

 private:
  // A sparse row has its columns in order, so they must ascend down every path and over the trees.
  static Status check_order(OpSpec& spec, const Ensemble& trees,
                            const std::vector<std::int64_t>& column) {
    std::vector<std::int64_t> above(column.size(), -1);  // the last column before a node is passed
    std::int64_t last = -1;                              // of the trees so far
    for (std::size_t tree = 0; tree < trees.trees(); ++tree) {
      const std::uint32_t start = trees.tree_start[tree];
      above[start] = last;
      for (std::uint32_t i = start; i < trees.tree_start[tree + 1]; ++i) {
        if (column[i] >= 0 && column[i] <= above[i]) {
          return spec.error("tree {}: node {} has the column {} after {}, expected a greater one",
                            tree, i - start, column[i], above[i]);
        }
        const std::int64_t passed = column[i] >= 0 ? column[i] : above[i];
        if (trees.nodes[i].feature >= 0) {
          above[i + 1] = passed;
          above[trees.nodes[i].right_or_leaf] = passed;
        }
        last = passed > last ? passed : last;
      }
    }
    return {};
  }

  bool push_row(const double* x, Ragged& y) const noexcept {
    for (std::size_t tree = 0; tree < trees_.trees(); ++tree) {
      std::uint32_t at = trees_.tree_start[tree];
      if (!push(at, y)) {
        return false;
      }
      while (trees_.nodes[at].feature >= 0) {
        const double cell = x[trees_.nodes[at].feature];
        at = trees_.next(at, trees_.float32_input ? static_cast<float>(cell) : cell);
        if (!push(at, y)) {
          return false;
        }
      }
    }
    return true;
  }

  bool push(std::uint32_t node, Ragged& y) const noexcept {
    return column_[node] < 0 || y.push_cell(static_cast<std::uint32_t>(column_[node]), 1.0);
  }

  Ensemble trees_;
  std::vector<std::int32_t> column_;  // [nodes]: -1 for a node that is not told
};
}  // namespace

extern const OpDef op_tree_path{.name = "tree_path", .version = 1, .load = TreePath::load};
}  // namespace bascule
