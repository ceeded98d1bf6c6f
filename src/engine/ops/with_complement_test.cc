#include <gtest/gtest.h>

#include "engine/testing.h"

namespace bascule::testing {
namespace {
TEST(WithComplement, PutsTheComplementFirst) {
  EXPECT_EQ(run_node("with_complement", {}, {numbers({0.1, 1})}).out.f64,
            (std::vector<double>{0.9, 0.1, 0, 1}));
}

TEST(WithComplement, RefusesTwoColumns) {
  EXPECT_EQ(load_error("with_complement", {}, {ValueType{ValueKind::kF64, 2}}),
            "step 'test -> with_complement' (with_complement): input 0 is f64[2], expected one "
            "column");
}
}  // namespace
}  // namespace bascule::testing
