#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/limits.h"
#include "engine/testing.h"

namespace bascule::testing {
namespace {
// Two trees over two columns:
//   x0 <= 0.5 ? 1 : (x1 <= inf ? 2 : 3)      missing goes left at the root, right below
//   4
NodeSpec two_trees() {
  return {{{"input", Json(std::string("float64"))},
           {"outputs", Json(std::int64_t{1})},
           {"sum", Json(std::string("float64"))}},
          {vector_tensor("base", {0.25}), integer_tensor("feature", {0, -1, 1, -1, -1, -1}),
           matrix_tensor("leaf", 1, {1, 2, 3, 4}), integer_tensor("missing_left", {1, 0}),
           integer_tensor("nodes", {5, 1}), integer_tensor("right", {2, 4}),
           vector_tensor("threshold", {0.5, INFINITY})}};
}
const std::vector<ValueType> kTwoColumns = {ValueType{ValueKind::kF64, 2}};

TensorData& tensor(NodeSpec& spec, std::string_view role) {
  return *std::ranges::find(spec.tensors, role, &TensorData::name);
}

void set_attribute(NodeSpec& spec, std::string_view name, Json value) {
  std::erase_if(spec.attrs, [&](const auto& attribute) { return attribute.first == name; });
  spec.attrs.emplace_back(name, std::move(value));
}

std::string error_with(TensorData changed) {
  NodeSpec spec = two_trees();
  tensor(spec, changed.name) = changed;
  return load_error("tree_ensemble", spec, kTwoColumns);
}

TEST(TreeEnsemble, SendsEqualLeftAndKnowsNaNFromInfinity) {
  const auto run =
      run_node("tree_ensemble", two_trees(),
               {matrix(2, {0.5, 0, std::nextafter(0.5, 1), INFINITY, 1, NAN, NAN, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{5.25, 6.25, 7.25, 5.25}));
}

TEST(TreeEnsemble, CastsToFloat32WhereTheLibraryDid) {
  NodeSpec spec = two_trees();
  const Cells x = matrix(2, {0.5 + 1e-9, 0});
  EXPECT_EQ(run_node("tree_ensemble", spec, {x}).out.f64[0], 6.25);
  set_attribute(spec, "input", Json(std::string("float32")));
  EXPECT_EQ(run_node("tree_ensemble", spec, {x}).out.f64[0], 5.25);
}

TEST(TreeEnsemble, AddsTreeByTreeFromTheBaseInTheLibrarysType) {
  NodeSpec spec = two_trees();
  tensor(spec, "base") = vector_tensor("base", {0.1});
  tensor(spec, "leaf") = matrix_tensor("leaf", 1, {0.2, 2, 3, 0.3});
  const Cells x = matrix(2, {0, 0});
  EXPECT_EQ(run_node("tree_ensemble", spec, {x}).out.f64[0], 0.1 + 0.2 + 0.3);
  set_attribute(spec, "sum", Json(std::string("float32")));
  EXPECT_EQ(run_node("tree_ensemble", spec, {x}).out.f64[0], double{0.1F + 0.2F + 0.3F});
}

TEST(TreeEnsemble, StartsARowWhereItsSecondInputSays) {
  NodeSpec spec = two_trees();
  std::erase_if(spec.tensors, [](const TensorData& data) { return data.name == "base"; });
  const auto run = run_node("tree_ensemble", spec, {matrix(2, {0, 0, 1, 0}), numbers({0.5, 7})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{5.5, 13}));
  EXPECT_EQ(load_error("tree_ensemble", spec,
                       {ValueType{ValueKind::kF64, 2}, ValueType{ValueKind::kF64, 3}}),
            "step 'test -> tree_ensemble' (tree_ensemble): its start has the width 3, expected 1 "
            "as it has outputs");
  EXPECT_NE(load_error("tree_ensemble", two_trees(),
                       {ValueType{ValueKind::kF64, 2}, ValueType{ValueKind::kF64, 1}}),
            "");
}

// Of two_trees: the first leaf is 1 + 2 x1, the last 10 + x0 - x1, the others are constants.
NodeSpec with_linear_leaves() {
  NodeSpec spec = two_trees();
  spec.tensors.push_back(integer_tensor("terms", {1, 0, 0, 2}));
  spec.tensors.push_back(integer_tensor("term_column", {1, 0, 1}));
  spec.tensors.push_back(vector_tensor("term_weight", {2, 1, -1}));
  spec.tensors.push_back(vector_tensor("constant", {1, 2, 3, 10}));
  return spec;
}

TEST(TreeEnsemble, AddsLinearLeavesAndFallsBackToTheValueOnNaN) {
  const auto run =
      run_node("tree_ensemble", with_linear_leaves(), {matrix(2, {0, 5, 0.5, NAN, NAN, 3, 1, 7})});
  EXPECT_EQ(run.out.f64,
            (std::vector<double>{0.25 + 11 + 5, 0.25 + 1 + 4, 0.25 + 7 + 4, 0.25 + 2 + 4}));
}

TEST(TreeEnsemble, RefusesTermsOfNoColumnAndLinearLeavesOfSeveralColumns) {
  NodeSpec spec = with_linear_leaves();
  tensor(spec, "term_column") = integer_tensor("term_column", {1, 2, 1});
  EXPECT_NE(load_error("tree_ensemble", spec, kTwoColumns), "");
  spec = with_linear_leaves();
  tensor(spec, "constant") = vector_tensor("constant", {1, 2, 3});
  EXPECT_NE(load_error("tree_ensemble", spec, kTwoColumns), "");
  spec = with_linear_leaves();
  set_attribute(spec, "outputs", Json(std::int64_t{2}));
  tensor(spec, "base") = vector_tensor("base", {0, 0});
  tensor(spec, "leaf") = matrix_tensor("leaf", 2, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(load_error("tree_ensemble", spec, kTwoColumns),
            "step 'test -> tree_ensemble' (tree_ensemble): has linear leaves of 2 columns, "
            "expected one");
}

TEST(TreeEnsemble, DividesAtTheEnd) {
  NodeSpec spec = two_trees();
  set_attribute(spec, "divide_by", Json(3.0));
  EXPECT_EQ(run_node("tree_ensemble", spec, {matrix(2, {0, 0})}).out.f64[0], 5.25 / 3);
  set_attribute(spec, "divide_by", Json(0.0));
  EXPECT_EQ(load_error("tree_ensemble", spec, kTwoColumns),
            "step 'test -> tree_ensemble' (tree_ensemble): attribute 'divide_by' is 0");
}

TEST(TreeEnsemble, AddsEachTreeToItsOutput) {
  NodeSpec spec = two_trees();
  set_attribute(spec, "outputs", Json(std::int64_t{2}));
  tensor(spec, "base") = vector_tensor("base", {0, 0});
  spec.tensors.push_back(integer_tensor("output", {1, 0}));
  EXPECT_EQ(run_node("tree_ensemble", spec, {matrix(2, {0, 0})}).out.f64,
            (std::vector<double>{4, 1}));
}

TEST(TreeEnsemble, AddsVectorLeaves) {
  NodeSpec spec = two_trees();
  set_attribute(spec, "outputs", Json(std::int64_t{2}));
  tensor(spec, "base") = vector_tensor("base", {0, 0.5});
  tensor(spec, "leaf") = matrix_tensor("leaf", 2, {1, 10, 2, 20, 3, 30, 4, 40});
  EXPECT_EQ(run_node("tree_ensemble", spec, {matrix(2, {1, 1, 0, 0})}).out.f64,
            (std::vector<double>{6, 60.5, 5, 50.5}));
}

TEST(TreeEnsemble, GivesARowTheSameBitsAloneAndInABlock) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::vector<double> cells(2 * limits::kBlockRows);
  for (double& cell : cells) {
    cell = normal(random);
  }
  const auto block = run_node("tree_ensemble", two_trees(), {matrix(2, cells)});
  for (std::size_t row = 0; row < limits::kBlockRows; ++row) {
    const auto one =
        run_node("tree_ensemble", two_trees(), {matrix(2, {cells[2 * row], cells[2 * row + 1]})});
    ASSERT_EQ(one.out.f64[0], block.out.f64[row]);
  }
}

TEST(TreeEnsemble, RefusesNodesThatAreNotExactlyOneTree) {
  const std::string place = "step 'test -> tree_ensemble' (tree_ensemble): ";
  EXPECT_EQ(error_with(integer_tensor("right", {2, 3})),
            place + "tree 0: after leaf 3 comes node 4, but its split says 3");
  EXPECT_EQ(error_with(integer_tensor("right", {0, 4})),
            place + "tree 0: after leaf 1 comes node 2, but its split says 0");
  EXPECT_EQ(error_with(integer_tensor("right", {2, 2'000'000'000})),
            place + "tree 0: after leaf 3 comes node 4, but its split says 2000000000");
  EXPECT_EQ(error_with(integer_tensor("nodes", {4, 2})),
            place + "tree 0 ends before all its splits have two children");
  EXPECT_EQ(error_with(integer_tensor("nodes", {5, 2})),
            place + "tensor 'feature' has the shape [6], expected [7]");
  EXPECT_EQ(error_with(integer_tensor("nodes", {1, 5})),
            place + "tree 0 ends before all its splits have two children");
  EXPECT_EQ(error_with(integer_tensor("feature", {-1, -1, 0, -1, 0, -1})),
            place + "tree 0 is whole after node 0, but has 5 nodes");
  EXPECT_NE(error_with(integer_tensor("nodes", {6, 0})), "");
  EXPECT_NE(error_with(integer_tensor("nodes", {})), "");
}

TEST(TreeEnsemble, RefusesIndicesOutOfRangeAndNaNThresholds) {
  const std::string place = "step 'test -> tree_ensemble' (tree_ensemble): ";
  EXPECT_EQ(error_with(integer_tensor("feature", {2, -1, 1, -1, -1, -1})),
            place + "tensor 'n0.feature' has 2 at position 0, expected -1 to 1");
  EXPECT_EQ(error_with(integer_tensor("right", {2, -1})),
            place + "tensor 'n0.right' has -1 at position 1, expected 0 to 2147483647");
  EXPECT_EQ(error_with(vector_tensor("threshold", {0.5, NAN})),
            place + "tree 0: node 2 has NaN as its threshold");
  EXPECT_EQ(error_with(matrix_tensor("leaf", 1, {1, 2, 3})),
            place + "tensor 'leaf' has the shape [3, 1], expected [4, 1]");
  EXPECT_EQ(error_with(integer_tensor("missing_left", {1, 2})),
            place + "tensor 'n0.missing_left' has 2 at position 1, expected 0 to 1");
}

// The root asks whether x0 is one of the categories 1 and 33; the split below keeps its threshold.
NodeSpec with_set() {
  NodeSpec spec = two_trees();
  spec.tensors.push_back(integer_tensor("set", {0, -1}));
  spec.tensors.push_back(integer_tensor("set_words", {2}));
  spec.tensors.push_back(integer_tensor("set_bits", {2, 2}));
  return spec;
}

TEST(TreeEnsemble, SendsTheCategoriesOfASetLeft) {
  const auto run = run_node("tree_ensemble", with_set(),
                            {matrix(2, {1, 0, 33, 0, 33.9, 0, 0, 0, 2, 0, 32, 0, NAN, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{5.25, 5.25, 5.25, 6.25, 6.25, 6.25, 5.25}));
}

TEST(TreeEnsemble, KnowsNoCategoryBelowZeroOrBeyondTheSet) {
  NodeSpec spec = with_set();
  tensor(spec, "set_bits") = integer_tensor("set_bits", {0xFFFFFFFF, 0xFFFFFFFF});
  const auto run = run_node("tree_ensemble", spec,
                            {matrix(2, {-0.5, 0, -1, 0, -INFINITY, 0, 63.5, 0, 64, 0, 1e300, 0,
                                        INFINITY, 0, 4294967296.0, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{5.25, 6.25, 6.25, 5.25, 6.25, 6.25, 6.25, 6.25}));
}

TEST(TreeEnsemble, FindsNothingInASetWithoutWords) {
  NodeSpec spec = with_set();
  tensor(spec, "set_words") = integer_tensor("set_words", {0, 2});
  tensor(spec, "set_bits") = integer_tensor("set_bits", {0xFFFFFFFF, 0xFFFFFFFF});
  const auto run = run_node("tree_ensemble", spec, {matrix(2, {-0.5, 0, 0, 0, 1, 0})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{6.25, 6.25, 6.25}));
}

TEST(TreeEnsemble, RefusesSetsThatAreNotThere) {
  const std::string place = "step 'test -> tree_ensemble' (tree_ensemble): ";
  const auto error = [](TensorData changed) {
    NodeSpec spec = with_set();
    tensor(spec, changed.name) = changed;
    return load_error("tree_ensemble", spec, kTwoColumns);
  };
  EXPECT_EQ(error(integer_tensor("set", {1, -1})),
            place + "tensor 'n0.set' has 1 at position 0, expected -1 to 0");
  EXPECT_EQ(error(integer_tensor("set_words", {3})),
            place + "tensor 'set_bits' has the shape [2], expected [3]");
  EXPECT_EQ(error(integer_tensor("set_words", {2'000'000'000, 2'000'000'000})),
            place + "its sets of categories have more than 2147483647 words");
  EXPECT_EQ(error(integer_tensor("set_bits", {2, 4294967296})),
            place + "tensor 'n0.set_bits' has 4294967296 at position 1, expected 0 to 4294967295");
  NodeSpec unused = with_set();
  std::erase_if(unused.tensors, [](const TensorData& data) { return data.name == "set"; });
  EXPECT_NE(load_error("tree_ensemble", unused, kTwoColumns), "");
}

// A chain: each split's left child is the next split, so that the depth is the number of splits.
NodeSpec chain(std::size_t depth) {
  NodeSpec spec = two_trees();
  std::vector<std::int64_t> feature(depth, 0);
  std::vector<std::int64_t> right;
  feature.resize(2 * depth + 1, -1);
  for (std::size_t i = 0; i < depth; ++i) {
    right.push_back(static_cast<std::int64_t>(2 * depth - i));
  }
  tensor(spec, "nodes") = integer_tensor("nodes", {static_cast<std::int64_t>(feature.size())});
  tensor(spec, "feature") = integer_tensor("feature", feature);
  tensor(spec, "right") = integer_tensor("right", right);
  tensor(spec, "threshold") = vector_tensor("threshold", std::vector<double>(depth, 0));
  tensor(spec, "leaf") = matrix_tensor("leaf", 1, std::vector<double>(depth + 1, 1));
  std::erase_if(spec.tensors, [](const TensorData& data) { return data.name == "missing_left"; });
  return spec;
}

TEST(TreeEnsemble, RefusesATreeDeeperThanTheLimit) {
  EXPECT_EQ(load_error("tree_ensemble", chain(limits::kTreeDepth), kTwoColumns), "");
  EXPECT_EQ(load_error("tree_ensemble", chain(limits::kTreeDepth + 1), kTwoColumns),
            "step 'test -> tree_ensemble' (tree_ensemble): tree 0 is deeper than 1024 splits");
}

TEST(TreeEnsemble, ChecksWhatReasonCodesWillNeed) {
  NodeSpec spec = two_trees();
  spec.tensors.push_back(vector_tensor("cover", {9, 4, 5, 2, 3, 9}));
  spec.tensors.push_back(integer_tensor("id", {0, 1, 2, 3, 4}));
  EXPECT_EQ(load_error("tree_ensemble", spec, kTwoColumns),
            "step 'test -> tree_ensemble' (tree_ensemble): tensor 'id' has the shape [5], expected "
            "[6]");
}
}  // namespace
}  // namespace bascule::testing
