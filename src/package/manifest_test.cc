#include "package/manifest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "package/package.h"
#include "package/testing.h"

namespace bascule {
namespace {

TEST(Kind, EveryNameReadsBack) {
  for (const auto* name : {"yes/no", "classes", "number", "ranking", "anomaly", "transformation"}) {
    const auto kind = parse_kind(name);
    ASSERT_TRUE(kind) << name;
    EXPECT_EQ(kind_name(*kind), name);
  }
  EXPECT_FALSE(parse_kind("Yes/No"));
  EXPECT_FALSE(parse_kind(""));
}

TEST(ColumnType, EveryNameReadsBack) {
  for (const auto* name : {"number", "number32", "integer", "boolean", "string", "datetime",
                           "number[1]", "number[30]", "sparse[16777216]", "tokens", "dict"}) {
    const auto type = parse_column_type(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(column_type_name(*type), name);
  }
  EXPECT_EQ(parse_column_type("number[30]")->width, 30U);
  EXPECT_EQ(parse_column_type("number[30]")->kind, ColumnKind::kMatrix);
}

TEST(ColumnType, RefusesWidthsThatAreNone) {
  for (const auto* name :
       {"number[]", "number[0]", "number[01]", "number[-1]", "number[16777217]", "number[1",
        "number[1]]", "number[1e3]", "sparse", "string[2]", "", "number[18446744073709551617]"}) {
    EXPECT_FALSE(parse_column_type(name)) << name;
  }
}

TEST(DType, EveryNameReadsBackWithItsSize) {
  const std::array<std::pair<const char*, std::size_t>, 11> sizes{{{"BOOL", 1},
                                                                   {"U8", 1},
                                                                   {"I8", 1},
                                                                   {"U16", 2},
                                                                   {"I16", 2},
                                                                   {"U32", 4},
                                                                   {"I32", 4},
                                                                   {"U64", 8},
                                                                   {"I64", 8},
                                                                   {"F32", 4},
                                                                   {"F64", 8}}};
  for (const auto& [name, size] : sizes) {
    const auto dtype = parse_dtype(name);
    ASSERT_TRUE(dtype) << name;
    EXPECT_EQ(dtype_name(*dtype), name);
    EXPECT_EQ(dtype_bytes(*dtype), size);
  }
  EXPECT_FALSE(parse_dtype("F16"));
  EXPECT_FALSE(parse_dtype("f64"));
}

TEST(Manifest, SaysWhatTheTextSays) {
  const auto package =
      Package::open(tiny_logistic_package({.model = "fraud/charge", .notes = "wider"})).value();
  const auto manifest = parse_manifest(package->manifest_text()).value();
  EXPECT_EQ(manifest.model, "fraud/charge");
  EXPECT_EQ(manifest.kind, Kind::kYesNo);
  EXPECT_EQ(manifest.score.column, 1U);
  EXPECT_EQ(*manifest.score.positive->integer(), 1);
  EXPECT_EQ(manifest.find_input("age"), 1U);
  EXPECT_EQ(manifest.find_input("none"), std::nullopt);
  EXPECT_EQ(*manifest.inputs[0].details.find("missing_rate")->integer(), 0);
  ASSERT_EQ(manifest.outputs.size(), 2U);
  EXPECT_EQ(manifest.find_output("predict")->type, OutputType::kLabel);
  EXPECT_TRUE(manifest.find_output("predict_proba")->by_default);
  EXPECT_EQ(manifest.find_output("transform"), nullptr);
  EXPECT_EQ(manifest.graph[2].op, "subtract");
  EXPECT_EQ(manifest.graph[2].tensors[0].second, "mean");
  EXPECT_EQ(manifest.golden.rows, 8U);
  EXPECT_EQ(*manifest.provenance.find("notes")->string(), "wider");
}

}  // namespace
}  // namespace bascule
