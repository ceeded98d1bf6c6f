#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Two trees, x0 <= 0.5 ? 1 : (x1 <= 2 ? 3 : 4) with a column for each node, and a single leaf.
NodeSpec two_trees(const std::vector<std::int64_t>& column = {0, 1, 2, 3, 4, 5}) {
  return {{{"input", Json(std::string("float64"))}, {"width", Json(std::int64_t{7})}},
          {integer_tensor("column", column), integer_tensor("feature", {0, -1, 1, -1, -1, -1}),
           integer_tensor("missing_left", {1, 0}), integer_tensor("nodes", {5, 1}),
           integer_tensor("right", {2, 4}), vector_tensor("threshold", {0.5, 2})}};
}
const std::vector<ValueType> kTwoColumns = {ValueType{ValueKind::kF64, 2}};

TEST(TreePath, TellsEveryNodeFromTheRootToTheLeafOfEachTree) {
  const auto run = run_node("tree_path", two_trees(), {matrix(2, {0.5, 9, 1, 2, 1, 3, NAN, NAN})});
  EXPECT_EQ(run.out.starts, (std::vector<std::uint32_t>{0, 3, 7, 11, 14}));
  EXPECT_EQ(run.out.columns,
            (std::vector<std::uint32_t>{0, 1, 5, 0, 2, 3, 5, 0, 2, 4, 5, 0, 1, 5}));
  EXPECT_EQ(run.out.f64, std::vector<double>(14, 1.0));
}

TEST(TreePath, LeavesOutNodesWithoutAColumn) {
  const auto run =
      run_node("tree_path", two_trees({-1, 0, -1, 1, 2, 6}), {matrix(2, {1, 3, 0, 0})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{2, 6, 0, 6}));
}

TEST(TreePath, CastsToFloat32WhereTheLibraryDid) {
  NodeSpec spec = two_trees();
  spec.attrs[0].second = Json(std::string("float32"));
  const auto run = run_node("tree_path", spec, {matrix(2, {0.5 + 1e-9, 0})});
  EXPECT_EQ(run.out.columns, (std::vector<std::uint32_t>{0, 1, 5}));
}

TEST(TreePath, RefusesColumnsThatDoNotAscendDownAPathOrOverTheTrees) {
  const std::string place = "step 'test -> tree_path' (tree_path): ";
  EXPECT_EQ(load_error("tree_path", two_trees({0, 0, 1, 2, 3, 4}), kTwoColumns),
            place + "tree 0: node 1 has the column 0 after 0, expected a greater one");
  EXPECT_EQ(load_error("tree_path", two_trees({1, 2, -1, 1, 3, 4}), kTwoColumns),
            place + "tree 0: node 3 has the column 1 after 1, expected a greater one");
  EXPECT_EQ(load_error("tree_path", two_trees({0, 6, 1, 2, 3, 4}), kTwoColumns),
            place + "tree 1: node 0 has the column 4 after 6, expected a greater one");
  EXPECT_EQ(load_error("tree_path", two_trees({0, 1, 2, 3, 4, 7}), kTwoColumns),
            place + "tensor 'n0.column' has 7 at position 5, expected -1 to 6");
  EXPECT_EQ(load_error("tree_path", two_trees({0, 1, 2, 3, 4}), kTwoColumns),
            place + "tensor 'column' has the shape [5], expected [6]");
}
}  // namespace
}  // namespace bascule::testing
