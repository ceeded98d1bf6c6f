// tree_path: 1 in the column of every node that a row passes on its way down each tree.
//
// With a column for each node it is scikit-learn's decision_path, with one for each leaf the leaf a
// row falls into, one-hot. Splits decide as in tree_ensemble.

#include <algorithm>
#include <array>
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
// A sparse row has its columns in order, so they must ascend down every path and over the trees.
Status check_order(OpSpec& spec, const Splits& splits, const Integers& columns) {
  std::vector<std::int32_t> feature;
  std::vector<std::int32_t> column;
  std::array<std::int32_t, limits::kTreeDepth + 2> above_right;  // of right children to come
  std::int32_t last = -1;                                        // column of the trees so far
  for (std::size_t tree = 0; tree < splits.trees(); ++tree) {
    const std::uint32_t start = splits.tree_start[tree];
    const std::uint32_t end = splits.tree_start[tree + 1];
    feature.resize(end - start);
    column.resize(end - start);
    splits.feature.copy(start, std::span(feature));
    columns.copy(start, std::span(column));
    std::size_t top = 0;
    above_right[0] = last;
    std::int32_t above = last;  // the last column before this node is passed
    for (std::size_t i = 0; i < feature.size(); ++i) {
      if (column[i] >= 0 && column[i] <= above) {
        return spec.error("tree {}: node {} has the column {} after {}, expected a greater one",
                          tree, i, column[i], above);
      }
      const std::int32_t passed = std::max(column[i], above);
      last = std::max(last, passed);
      // A leaf's value is written where the next split will.
      const bool split = feature[i] >= 0;
      above = split ? passed : above_right[top];
      above_right[top + 1] = passed;
      top = split ? top + 1 : top - (top > 0 ? 1 : 0);
    }
  }
  return {};
}

template <typename Input>
class TreePath final : public Op {
 public:
  TreePath(std::shared_ptr<const Splits> splits, std::size_t features, Integers column)
      : splits_(std::move(splits)), features_(features), column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    Ragged& y = out[0].ragged();
    y.begin();
    for (std::size_t row = 0; row < rows; ++row, x += features_) {
      if (!push_row(x, y)) {
        refused.mark(row, RowCode::kNoMemory);
        y.drop_row();
      }
      y.end_row();
    }
  }

 private:
  bool push_row(const double* x, Ragged& y) const noexcept {
    bool fits = true;
    for (std::size_t tree = 0; fits && tree < splits_->trees(); ++tree) {
      splits_->walk<Input>(tree, x, [&](std::uint32_t node) { return fits = push(node, y); });
    }
    return fits;
  }

  bool push(std::uint32_t node, Ragged& y) const noexcept {
    const std::int64_t column = column_[node];
    return column < 0 || y.push_cell(static_cast<std::uint32_t>(column), 1.0);
  }

  std::shared_ptr<const Splits> splits_;
  std::size_t features_;
  Integers column_;  // [nodes]: -1 for a node that is not told
};

Result<std::unique_ptr<Op>> load(OpSpec& spec) {
  BASCULE_CHECK_OK(spec.expect_inputs(1));
  BASCULE_TRY(const auto features, spec.input(0, ValueKind::kF64));
  BASCULE_TRY(const auto float32_input, has_float32_input(spec));
  BASCULE_TRY(const auto splits, Splits::load(spec, features));
  BASCULE_TRY(const auto width,
              spec.integer("width", 1, static_cast<std::int64_t>(limits::kWidth)));
  BASCULE_TRY(const auto columns, spec.any_integers("column", splits->nodes(), -1, width - 1));
  BASCULE_CHECK_OK(check_order(spec, *splits, columns));
  spec.output(ValueType{ValueKind::kCsr, static_cast<std::size_t>(width)});
  if (float32_input) {
    return std::make_unique<TreePath<float>>(splits, features, columns);
  }
  return std::make_unique<TreePath<double>>(splits, features, columns);
}
}  // namespace

extern const OpDef op_tree_path{.name = "tree_path", .version = 1, .load = load};
}  // namespace bascule
