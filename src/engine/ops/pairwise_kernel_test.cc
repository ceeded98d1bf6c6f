#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
NodeSpec kernel(std::string distance, std::size_t width, const std::vector<double>& points) {
  return {{{"distance", Json(std::move(distance))}, {"function", Json("identity")}},
          {matrix_tensor("points", width, points)}};
}
NodeSpec sparse_kernel(std::string distance, const std::vector<std::int64_t>& starts,
                       const std::vector<std::int64_t>& columns,
                       const std::vector<double>& values) {
  return {{{"distance", Json(std::move(distance))}, {"function", Json("identity")}},
          {integer_tensor("starts", starts), integer_tensor("columns", columns),
           vector_tensor("values", values)}};
}
std::vector<double> run(NodeSpec spec, const Cells& x) {
  return run_node("pairwise_kernel", std::move(spec), {x}).out.f64;
}

TEST(PairwiseKernel, MeasuresEveryStoredPoint) {
  const std::vector<double> points{1, 2, 3, -1};
  const Cells x = matrix(2, {2, 0});
  EXPECT_EQ(run(kernel("dot", 2, points), x), (std::vector<double>{2, 6}));
  EXPECT_EQ(run(kernel("squared", 2, points), x), (std::vector<double>{5, 2}));
  EXPECT_EQ(run(kernel("expanded", 2, points), x), (std::vector<double>{5, 2}));
  EXPECT_EQ(run(kernel("euclidean", 2, points), x),
            (std::vector<double>{std::sqrt(5), std::sqrt(2)}));
  EXPECT_EQ(run(kernel("manhattan", 2, points), x), (std::vector<double>{3, 2}));
  EXPECT_EQ(run(kernel("chi2", 2, {2, 0, 0, 4}), x), (std::vector<double>{-0.0, -6}));
}

TEST(PairwiseKernel, AddsInColumnOrder) {
  const Cells x = matrix(4, {1e16, 1, 1, -1e16});
  EXPECT_EQ(run(kernel("dot", 4, {1, 1, 1, 1}), x), (std::vector<double>{0}));
}

// Far from 0 and near each other, |x|^2 - 2 x.p + |p|^2 has no digit left; and it is never
// negative.
TEST(PairwiseKernel, KeepsTheErrorOfTheExpandedSquare) {
  const Cells x = matrix(1, {1e8 + 1});
  EXPECT_EQ(run(kernel("squared", 1, {1e8}), x)[0], 1);
  EXPECT_EQ(run(kernel("expanded", 1, {1e8}), x)[0], 0);
}

TEST(PairwiseKernel, SparseRowsMeetSparsePointsAsDenseOnesDo) {
  const std::vector<double> dense{0, 3, 0, 1, 0, 0, 0, 0, 2};
  const Cells x = matrix(3, {0, 2, 5});
  const Cells same = sparse(3, {{{1, 2}, {2, 5}}});
  for (const char* how : {"dot", "squared", "euclidean", "expanded", "manhattan"}) {
    EXPECT_EQ(run(sparse_kernel(how, {0, 1, 2, 3}, {1, 0, 2}, {3, 1, 2}), same),
              run(kernel(how, 3, dense), x))
        << how;
  }
}

TEST(PairwiseKernel, AnEmptySparsePointIsZero) {
  EXPECT_EQ(run(sparse_kernel("squared", {0, 0}, {}, {}), sparse(3, {{{1, 2}}, {}})),
            (std::vector<double>{4, 0}));
}

TEST(PairwiseKernel, AppliesItsFunction) {
  NodeSpec spec = kernel("squared", 1, {0});
  spec.attrs = {
      {"distance", Json("squared")}, {"function", Json("exponential")}, {"scale", Json(-0.5)}};
  EXPECT_EQ(run(std::move(spec), numbers({2}))[0], std::exp(-2.0));
  NodeSpec power = kernel("dot", 1, {1});
  power.attrs = {{"distance", Json("dot")},
                 {"function", Json("repeated")},
                 {"scale", Json(2.0)},
                 {"shift", Json(1.0)},
                 {"degree", Json(std::int64_t{5})}};
  EXPECT_EQ(run(std::move(power), numbers({1}))[0], 243);
}

TEST(PairwiseKernel, RefusesWhatIsNoListOfPoints) {
  const ValueType csr{ValueKind::kCsr, 3};
  EXPECT_NE(load_error("pairwise_kernel", sparse_kernel("dot", {0, 2}, {1, 1}, {1, 1}), {csr}), "");
  EXPECT_NE(load_error("pairwise_kernel", sparse_kernel("dot", {0, 1}, {3}, {1}), {csr}), "");
  EXPECT_NE(load_error("pairwise_kernel", sparse_kernel("dot", {0, 2, 1}, {1, 2}, {1, 1}), {csr}),
            "");
  EXPECT_NE(load_error("pairwise_kernel", sparse_kernel("dot", {1, 2}, {1, 2}, {1, 1}), {csr}), "");
  EXPECT_NE(load_error("pairwise_kernel", sparse_kernel("dot", {0}, {}, {}), {csr}), "");
  EXPECT_NE(load_error("pairwise_kernel", sparse_kernel("chi2", {0, 1}, {1}, {1}), {csr}), "");
  EXPECT_EQ(
      load_error("pairwise_kernel", kernel("dot", 2, {1, 2}), {ValueType{ValueKind::kF64, 3}}),
      "step 'test -> pairwise_kernel' (pairwise_kernel): tensor 'points' has the shape [1, 2], "
      "expected [any, 3]");
}
}  // namespace
}  // namespace bascule::testing
