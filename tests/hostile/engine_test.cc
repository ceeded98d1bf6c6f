// Packages that the reader accepts and the engine must refuse: operators, attributes, tensors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/plan.h"
#include "hostile.h"
#include "package/package.h"
#include "package/testing.h"
#include "seeds.h"

namespace bascule::hostile {
namespace {

using testing::HasSubstr;

class HostileEngine : public testing::TestWithParam<Case> {};

TEST_P(HostileEngine, IsRefusedByThePlannerWithItsSentence) {
  const auto package = Package::open(GetParam().make());
  ASSERT_TRUE(package) << package.error().message;
  const auto plan = Plan::load(*package);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr(GetParam().phrase));
}

using Seeder = File (*)();

File logistic_seed() {
  return tiny_logistic_package();
}

// A seed with its manifest changed.
Case swap(const char* name, Seeder seed, std::string from, std::string to, std::string phrase) {
  const auto make = [seed, from, to] {
    auto parts = parts_of(seed());
    parts.manifest = replaced(parts.manifest, from, to);
    return assembled(parts);
  };
  return {name, make, std::move(phrase)};
}

// A seed with one element of a tensor changed.
template <typename T>
Case element(const char* name, Seeder seed, std::string tensor, std::size_t at, T value,
             std::string phrase) {
  const auto make = [=] {
    auto parts = parts_of(seed());
    auto& bytes = find(parts.tensors, tensor).bytes;
    std::memcpy(bytes.data() + at * sizeof(T), &value, sizeof(T));
    return assembled(parts);
  };
  return {name, make, std::move(phrase)};
}

// A seed with a tensor of another shape, filled up with zeros.
Case shape(const char* name, Seeder seed, std::string tensor, std::vector<std::uint64_t> sizes,
           std::string phrase) {
  const auto make = [=] {
    auto parts = parts_of(seed());
    auto& changed = find(parts.tensors, tensor);
    std::size_t bytes = dtype_bytes(changed.dtype);
    for (const auto size : sizes) {
      bytes *= size;
    }
    changed.shape = sizes;
    changed.bytes.resize(bytes);
    return assembled(parts);
  };
  return {name, make, std::move(phrase)};
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kFar = std::int64_t{1} << 40;

const std::vector<Case> kGraphs{
    swap("UnknownOperator", logistic_seed, R"("op":"sigmoid")", R"("op":"eval")",
         "step 'pipeline -> sigmoid': operator 'eval' is unknown to this build"),
    swap("UnknownVersion", logistic_seed, R"(-> sigmoid","tensors":{},"version":1)",
         R"(-> sigmoid","tensors":{},"version":2)",
         "operator 'sigmoid' version 2 is unknown to this build"),
    swap("UnknownAttribute", logistic_seed, R"({"attrs":{},"in":["decision"],"op":"sigmoid")",
         R"({"attrs":{"url":"http://x"},"in":["decision"],"op":"sigmoid")",
         "has an attribute 'url' that the operator does not know"),
    swap("MissingTensor", logistic_seed, R"("bias":"bias","weights":"weights")",
         R"("bias":"bias","weight":"weights")", "tensor 'weights' is missing"),
    swap("WrongInputType", logistic_seed, R"("in":["scaled"],"op":"linear")",
         R"("in":["scaled"],"op":"tokenize")", "input 0 is f64[2], expected string"),
    swap("OutputOfAnotherWidth", logistic_seed, R"("from":"proba")", R"("from":"decision")",
         "output 'predict_proba': the graph gives f64[1], expected f64[2]"),
    swap("TwoInputsWhereOneIsTaken", logistic_seed, R"("in":["decision"],"op":"sigmoid")",
         R"("in":["decision","decision"],"op":"sigmoid")", "has 2 inputs, expected 1"),
    swap("TwoOutputsWhereOneIsGiven", logistic_seed, R"("out":["p"])", R"("out":["p","q"])",
         "names 2 outputs, but the operator gives 1"),
};

const std::vector<Case> kTensors{
    element<double>("CategoryThatIsNaN", categories_seed, "n2.categories", 1, kNaN,
                    "tensor 'categories' is NaN at position 1"),
    shape("VectorTooShort", logistic_seed, "mean", {1},
          "tensor 'by' has the shape [1], expected [2]"),
    shape("MatrixOfAnotherShape", logistic_seed, "weights", {2, 1},
          "tensor 'weights' has the shape [2, 1], expected [any, 2]"),
    element<std::int64_t>("ColumnBeyondTheWidth", categories_seed, "n9.columns", 2, 7,
                          "tensor 'n9.columns' has 7 at position 2, expected 0 to 6"),
    element<std::int64_t>("ColumnFarAway", categories_seed, "n9.columns", 2, kFar,
                          "has 1099511627776 at position 2, expected 0 to 6"),
    element<std::int64_t>("NegativeColumn", categories_seed, "n9.columns", 0, -1,
                          "has -1 at position 0, expected 0 to 6"),
    element<std::int64_t>("SparseColumnTakenTwice", categories_seed, "n9.columns", 1, 0,
                          "has 0 twice, which a sparse block cannot give"),
    element<std::int64_t>("OneHotBeyondItsWidth", categories_seed, "n3.position", 1, 3,
                          "has 3 at position 1, expected -1 to 2"),
    shape("OneHotOfFewerCodes", categories_seed, "n3.position", {2},
          "has the shape [2], expected [3]"),
    shape("TakeOfFewerCodes", categories_seed, "n5.values", {2}, "has the shape [2], expected [3]"),
    element<double>("NumberTwiceAmongCategories", categories_seed, "n2.categories", 1, 1.0,
                    "has 1 twice"),
    swap("CategoryThatCannotBe", categories_seed, R"("missing":2)", R"("missing":1099511627776)",
         "attribute 'missing' is 1099511627776, expected -1 to 16777216"),
    swap("InputPositionBeyondTheModel", categories_seed, R"("column":0)", R"("column":2)",
         "attribute 'column' is 2, expected -1 to 1"),
    swap("HugeWidth", categories_seed, R"({"attrs":{"width":3})",
         R"({"attrs":{"width":9007199254740992})",
         "attribute 'width' is 9007199254740992, expected 1 to 16777216"),
    swap("NumberWhereATextIsExpected", categories_seed, R"("value":"Oslo")", R"("value":7)",
         "attribute 'value' is not a text"),
};

const std::vector<Case> kTexts{
    {"TermTwiceInTheVocabulary",
     [] {
       auto parts = parts_of(text_seed());
       auto& bytes = find(parts.tensors, "n3.vocabulary.bytes").bytes;
       std::copy_n(bytes.begin(), 3, bytes.begin() + 3);  // "fox", "fox", "ckbrown"
       find(parts.tensors, "n3.vocabulary.offsets").bytes[8] = std::byte{6};
       return assembled(parts);
     },
     "twice"},
    element<std::uint8_t>("TermThatIsNotUtf8", text_seed, "n3.vocabulary.bytes", 2, 0xff,
                          "string 0 is not UTF-8"),
    element<std::uint32_t>("OffsetsThatDescend", text_seed, "n3.vocabulary.offsets", 1, 9,
                           "does not ascend from 0 to 13"),
    element<std::uint32_t>("OffsetBeyondTheBytes", text_seed, "n3.vocabulary.offsets", 3, 14,
                           "has 14 at position 3, expected 0 to 13"),
    element<std::uint32_t>("OffsetsThatStopShort", text_seed, "n3.vocabulary.offsets", 3, 12,
                           "does not ascend from 0 to 13"),
    shape("NoOffsetAtAll", text_seed, "n3.vocabulary.offsets", {0}, "does not ascend from 0 to 13"),
    swap("UnknownUnicode", text_seed, R"("pattern":"word","unicode":"14.0.0")",
         R"("pattern":"word","unicode":"99.0.0")", "attribute 'unicode' is '99.0.0', expected"),
    swap("PatternWithARegularExpression", text_seed, R"("pattern":"word")", R"("pattern":"(a+)+$")",
         "attribute 'pattern' is '(a+)+$', expected 'word'"),
    swap("UnknownNorm", text_seed, R"("norm":"l2")", R"("norm":"l9")",
         "attribute 'norm' is 'l9', expected"),
};

const std::vector<Case> kTrees{
    element<std::int64_t>("ChildThatIsItsOwnParent", trees_seed, "n0.right", 0, 0,
                          "but its split says 0"),
    element<std::int64_t>("ChildBackwards", trees_seed, "n0.right", 1, 1, "but its split says 1"),
    element<std::int64_t>("ChildInAnotherTree", trees_seed, "n0.right", 1, 5,
                          "but its split says 5"),
    element<std::int64_t>("NegativeChild", trees_seed, "n0.right", 1, -4,
                          "has -4 at position 1, expected 0 to"),
    element<std::int64_t>("ChildFarAway", trees_seed, "n0.right", 1, kFar,
                          "has 1099511627776 at position 1"),
    element<std::int64_t>("FeatureBeyondTheWidth", trees_seed, "n0.feature", 0, 2,
                          "has 2 at position 0, expected -1 to 1"),
    element<std::int64_t>("FeatureBelowMinusOne", trees_seed, "n0.feature", 0, -2,
                          "has -2 at position 0, expected -1 to 1"),
    element<std::int64_t>("LeafThatSplits", trees_seed, "n0.feature", 1, 0,
                          "tensor 'threshold' has the shape [2], expected [3]"),
    element<std::int64_t>("TreeOfNoNodes", trees_seed, "n0.nodes", 1, 0,
                          "has 0 at position 1, expected 1 to"),
    element<std::int64_t>("TreeOfTooManyNodes", trees_seed, "n0.nodes", 1, kFar,
                          "has 1099511627776 at position 1"),
    element<std::int64_t>("OutputBeyondTheOutputs", trees_seed, "n0.output", 0, 2,
                          "has 2 at position 0, expected 0 to 1"),
    element<double>("ThresholdThatIsNaN", trees_seed, "n0.threshold", 1, kNaN,
                    "tree 0: node 2 has NaN as its threshold"),
    shape("FewerLeaves", trees_seed, "n0.leaf", {3, 1}, "has the shape [3, 1], expected [4, 1]"),
    shape("NoTrees", trees_seed, "n0.nodes", {0}, "has 0 trees, expected 1 to 1048576"),
    swap("UnknownSum", trees_seed, R"("sum":"float64")", R"("sum":"float16")",
         "attribute 'sum' is 'float16', expected"),
    swap("HugeOutputs", trees_seed, R"("outputs":2)", R"("outputs":9007199254740992)",
         "attribute 'outputs' is 9007199254740992, expected 1 to 65536"),
    swap("DivisionByZero", trees_seed, R"("divide_by":2)", R"("divide_by":0)",
         "attribute 'divide_by' is 0"),
};

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Graphs, HostileEngine, testing::ValuesIn(kGraphs), kName);
INSTANTIATE_TEST_SUITE_P(Tensors, HostileEngine, testing::ValuesIn(kTensors), kName);
INSTANTIATE_TEST_SUITE_P(Texts, HostileEngine, testing::ValuesIn(kTexts), kName);
INSTANTIATE_TEST_SUITE_P(Trees, HostileEngine, testing::ValuesIn(kTrees), kName);

}  // namespace
}  // namespace bascule::hostile
