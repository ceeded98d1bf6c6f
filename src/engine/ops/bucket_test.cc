#include <gtest/gtest.h>

#include <cmath>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(Bucket, CountsAnEdgeThatIsMetAndEqualEdgesTogether) {
  const NodeSpec spec{{}, {vector_tensor("edges", {-1, 2, 2})}};
  const auto run = run_node("bucket", spec,
                            {numbers({-INFINITY, -1, std::nextafter(2.0, 0.0), 2, INFINITY, NAN})});
  EXPECT_EQ(run.out.i64, (std::vector<std::int64_t>{0, 1, 1, 3, 3, -1}));
}

TEST(Bucket, RefusesEdgesThatDoNotAscend) {
  EXPECT_EQ(load_error("bucket", {{}, {vector_tensor("edges", {1, 0})}}, {ValueType{}}),
            "step 'test -> bucket' (bucket): tensor 'edges' does not ascend");
  EXPECT_NE(load_error("bucket", {{}, {vector_tensor("edges", {NAN})}}, {ValueType{}}), "");
}
}  // namespace
}  // namespace bascule::testing
