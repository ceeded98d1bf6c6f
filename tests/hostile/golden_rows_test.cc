// Golden rows of the wrong type, shape or content, in files that prove themselves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/limits.h"
#include "hostile.h"
#include "package/package.h"
#include "package/testing.h"

namespace bascule::hostile {
namespace {

using testing::HasSubstr;

class HostileGoldenRows : public testing::TestWithParam<Case> {};

TEST_P(HostileGoldenRows, AreRefusedWithTheirSentence) {
  const auto package = Package::open(GetParam().make());
  ASSERT_FALSE(package);
  EXPECT_THAT(package.error().message, HasSubstr(GetParam().phrase));
}

Case change(const char* name, std::function<void(std::vector<TensorData>&)> how,
            std::string phrase) {
  return {name, [how] { return with_tensors(how); }, std::move(phrase)};
}

void drop(std::vector<TensorData>& tensors, std::string_view name) {
  std::erase_if(tensors, [&](const auto& tensor) { return tensor.name == name; });
}

constexpr std::size_t kRows = 8;  // of the tiny package

const std::vector<Case> kCases{
    {"RowsOfAnotherNumber", [] { return with_manifest(R"("rows":8)", R"("rows":9)"); },
     "tensor 'golden.refused': is U8 [8], expected U8 [9]"},
    {"MoreRowsThanAllowed", [] { return with_manifest(R"("rows":8)", R"("rows":1025)"); },
     "'rows' is not an integer from 0 to 1024"},
    {"NoRowsButTensors", [] { return with_manifest(R"("rows":8)", R"("rows":0)"); },
     "tensor 'golden.in.0': neither a node nor the golden rows name it"},
    {"UnknownSource", [] { return with_manifest("synthesised", "stolen"); },
     "'source' is not one of synthesised, sample"},
    change(
        "ColumnThatIsMissing", [](auto& tensors) { drop(tensors, "golden.in.1"); },
        "tensor 'golden.in.1': is missing"),
    change(
        "OutputThatIsMissing", [](auto& tensors) { drop(tensors, "golden.out.1"); },
        "tensor 'golden.out.1': is missing"),
    change(
        "ColumnTooMany",
        [](auto& tensors) {
          tensors.push_back(tensors.back());
          tensors.back().name = "golden.in.2";
        },
        "tensor 'golden.in.2': neither a node nor the golden rows name it"),
    change(
        "ColumnOfAnotherType",
        [](auto& tensors) { find(tensors, "golden.in.0").dtype = DType::kI64; },
        "tensor 'golden.in.0': is I64 [8], expected F64 [8]"),
    change(
        "OutputOfAnotherWidth", [](auto& tensors) { find(tensors, "golden.out.0").shape = {16}; },
        "tensor 'golden.out.0': is F64 [16], expected F64 [8, 2]"),
    change(
        "FlagOfTwo", [](auto& tensors) { find(tensors, "golden.refused").bytes[3] = std::byte{2}; },
        "tensor 'golden.refused': holds a flag that is neither 0 nor 1"),
    change(
        "LabelBeyondTheLabels",
        [](auto& tensors) { find(tensors, "golden.out.1").bytes[0] = std::byte{2}; },
        "tensor 'golden.out.1': row 0 holds 2, no position of 2 labels"),
    change(
        "BoundThatIsNotANumber",
        [](auto& tensors) {
          std::vector<double> bounds(2 * kRows, 0);
          bounds[5] = std::numeric_limits<double>::quiet_NaN();
          tensors.push_back(f64_tensor("golden.bound.here.0", {kRows, 2}, bounds));
        },
        "tensor 'golden.bound.here.0': holds a bound that is negative or NaN"),
    change(
        "BoundOfALabel",
        [](auto& tensors) {
          const std::vector<double> bounds(kRows, 0);
          tensors.push_back(f64_tensor("golden.bound.here.1", {kRows, 1}, bounds));
        },
        "tensor 'golden.bound.here.1': neither a node nor the golden rows name it"),
};

// The tiny package whose second column is of another type, with these tensors for its rows.
File with_second_column(std::string_view type, std::vector<TensorData> rows) {
  auto parts = parts_of(tiny_logistic_package());
  constexpr std::string_view kColumn =
      R"("name":"age","nullable":false,"optional":false,"range":[-3,3],"type":"number")";
  parts.manifest = replaced(
      parts.manifest, kColumn,
      fmt::format(R"("name":"age","nullable":false,"optional":false,"range":[-3,3],"type":"{}")",
                  type));
  drop(parts.tensors, "golden.in.1");
  std::ranges::move(rows, std::back_inserter(parts.tensors));
  return assembled(parts);
}

File with_strings(const std::function<void(TensorData& bytes, TensorData& offsets)>& how) {
  std::vector<TensorData> rows;
  add_string_tensors(rows, "golden.in.1", std::vector<std::string>(kRows, "\xc3\xa9"));
  how(rows[0], rows[1]);
  return with_second_column("string", std::move(rows));
}

const std::vector<Case> kOtherColumns{
    {"TextThatIsNotUtf8",
     [] { return with_strings([](auto& bytes, auto&) { bytes.bytes[1] = std::byte{'x'}; }); },
     "tensor 'golden.in.1.bytes': string 0 is not UTF-8"},
    {"TextCutInsideACharacter",
     [] { return with_strings([](auto&, auto& offsets) { offsets.bytes[4] = std::byte{1}; }); },
     "string 0 is not UTF-8"},
    {"OffsetsThatDescend",
     [] { return with_strings([](auto&, auto& offsets) { offsets.bytes[4] = std::byte{6}; }); },
     "tensor 'golden.in.1.offsets' does not ascend from 0 to 16"},
    {"OffsetBeyondTheText",
     [] { return with_strings([](auto&, auto& offsets) { offsets.bytes[7] = std::byte{1}; }); },
     "tensor 'golden.in.1.offsets' has 16777218 at position 1, expected 0 to 16"},
    {"OffsetsOfFloats",
     [] { return with_strings([](auto&, auto& offsets) { offsets.dtype = DType::kF32; }); },
     "tensor 'golden.in.1.offsets' is F32, expected integers"},
    {"OffsetsThatAreEmpty",
     [] {
       return with_strings([](auto&, auto& offsets) {
         offsets.shape = {0};
         offsets.bytes.clear();
       });
     },
     "does not ascend from 0 to 16"},
    {"TextsOfAnotherNumber",
     [] {
       std::vector<TensorData> rows;
       add_string_tensors(rows, "golden.in.1", std::vector<std::string>(kRows - 1, "a"));
       return with_second_column("string", std::move(rows));
     },
     "tensor 'golden.in.1.offsets': has 7 strings, expected 8"},
    {"TextWithoutOffsets",
     [] {
       return with_second_column("string",
                                 {u8_tensor("golden.in.1.bytes", std::vector<std::uint8_t>(8))});
     },
     "tensor 'golden.in.1.bytes' or 'golden.in.1.offsets': is missing"},
    {"BooleanOfTwo",
     [] {
       return with_second_column("boolean",
                                 {u8_tensor("golden.in.1", std::vector<std::uint8_t>(kRows, 2))});
     },
     "tensor 'golden.in.1': holds a flag that is neither 0 nor 1"},
    {"RowsOfDicts", [] { return with_second_column("dict", {}); },
     "golden: format 1 has no golden rows for a column of type dict"},
};

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Tensors, HostileGoldenRows, testing::ValuesIn(kCases), kName);
INSTANTIATE_TEST_SUITE_P(Columns, HostileGoldenRows, testing::ValuesIn(kOtherColumns), kName);

TEST(GoldenRows, ColumnsOfEveryTypeThatHasThemAreAccepted) {
  EXPECT_TRUE(Package::open(with_strings([](auto&, auto&) {})));
  const std::vector<std::uint8_t> flags(kRows, 1);
  EXPECT_TRUE(Package::open(with_second_column("boolean", {u8_tensor("golden.in.1", flags)})));
  const std::vector<std::int64_t> integers(kRows, 7);
  for (const auto* type : {"integer", "datetime"}) {
    EXPECT_TRUE(
        Package::open(with_second_column(type, {i64_tensor("golden.in.1", {kRows}, integers),
                                                u8_tensor("golden.in.1.valid", flags)})));
  }
  const std::vector<double> numbers(3 * kRows, 0.5);
  EXPECT_TRUE(Package::open(
      with_second_column("number[3]", {f64_tensor("golden.in.1", {kRows, 3}, numbers)})));
}

TEST(GoldenRows, ARefusedRowMayHoldAnyLabel) {
  const auto file = with_tensors(
      [](auto& tensors) { find(tensors, "golden.out.1").bytes[8 * (kRows - 1)] = std::byte{77}; });
  EXPECT_TRUE(Package::open(file));
}

}  // namespace
}  // namespace bascule::hostile
