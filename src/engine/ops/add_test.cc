#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Add, AddsPerColumn) {
  const auto run = run_node("add", {{}, {vector_tensor("by", {0.2, -1})}}, {matrix(2, {0.1, 1})});
  EXPECT_EQ(run.out.f64, (std::vector<double>{0.30000000000000004, 0}));
}

TEST(Add, RefusesFloat32WhereFloat64IsExpected) {
  EXPECT_EQ(load_error("add", {{}, {float32_tensor("by", {1}, {1})}}, {ValueType{}}),
            "step 'test -> add' (add): tensor 'by' is F32, expected F64");
}
}  // namespace
}  // namespace bascule::testing
