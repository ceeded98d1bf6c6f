// Manifests that say something wrong, in files that prove themselves (docs/package-format.md,
// "Manifest").

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "hostile.h"
#include "package/package.h"
#include "package/testing.h"

namespace bascule::hostile {
namespace {

using testing::HasSubstr;

class HostileManifest : public testing::TestWithParam<Case> {};

TEST_P(HostileManifest, IsRefusedWithItsSentence) {
  const auto package = Package::open(GetParam().make());
  ASSERT_FALSE(package);
  EXPECT_THAT(package.error().message, HasSubstr(GetParam().phrase));
}

Case swap(const char* name, std::string from, std::string to, std::string phrase) {
  return {name, [from, to] { return with_manifest(from, to); }, std::move(phrase)};
}

const std::vector<Case> kWhole{
    swap("UnknownKey", R"("inputs":)", R"("import":"os","inputs":)",
         "manifest: key 'import' is not known to this format"),
    swap("MissingKey", R"("kind":"yes/no",)", "", "manifest: key 'kind' is missing"),
    swap("DuplicateKey", R"("kind":"yes/no")", R"("kind":"yes/no","kind":"yes/no")",
         "manifest: JSON: key 'kind' stands twice"),
    swap("KeysOutOfOrder", R"("major":1,"minor":0)", R"("minor":0,"major":1)",
         "manifest: is not canonical JSON (RFC 8785)"),
    swap("NumberInAnotherForm", R"("minor":0)", R"("minor":0.0)", "is not canonical JSON"),
    swap("IntegerThatNoDoubleHolds", R"("than":0)", R"("than":9007199254740993)",
         "is not canonical JSON"),
    swap("TrailingText", R"("positive":1}})", R"("positive":1}}{})",
         "manifest: JSON: expected the end of the text"),
    swap("DeepJson", R"("numerics":{})",
         R"("numerics":{"a":)" + std::string(70, '[') + std::string(70, ']') + "}",
         "manifest: JSON: nested deeper than 64"),
    swap("NewerMajorFormat", R"("major":1)", R"("major":2)",
         "format 2.0 is newer than 1.0, the newest this build reads"),
    swap("NewerMinorFormat", R"("minor":0)", R"("minor":1)", "format 1.1 is newer than 1.0"),
    swap("FormatZero", R"("major":1)", R"("major":0)", "'major' is not an integer from 1"),
    swap("UnknownKind", R"("kind":"yes/no")", R"("kind":"maybe")", "'kind' is 'maybe', expected"),
    swap("ModelNameThatClimbs", R"("numerics":)", R"("model":"../charge","numerics":)",
         "manifest: 'model' is '../charge', expected a name such as fraud/charge"),
    swap("ProvenanceWithAUrl", R"("parameters":{}})", R"("parameters":{},"url":"http://x"})",
         "provenance: key 'url' is not known"),
    swap("LibrariesThatAreNoVersions", R"("libraries":{})", R"("libraries":{"numpy":2})",
         "provenance: 'libraries' is not a map from names to versions"),
};

// A graph of one node more, in front of all others.
std::string node(std::string_view in, std::string_view out, std::string_view more = "") {
  return fmt::format(R"("graph":[{{"attrs":{{}},"in":["{}"],"op":"absolute","out":["{}"],)"
                     R"("step":"","tensors":{{{}}},"version":1}},)",
                     in, out, more);
}

const std::vector<Case> kGraph{
    swap("ReferenceToALaterNode", R"("graph":[)", node("p", "early"),
         "manifest: graph[0]: input 'p' is not the output of a node before this one"),
    swap("CycleOfOneNode", R"("graph":[)", node("loop", "loop"),
         "graph[0]: input 'loop' is not the output of a node before this one"),
    swap("ReferenceToAnUnknownColumn", R"("graph":[)", node("column:none", "early"),
         "graph[0]: input 'column:none' is no column of the model"),
    swap("ValueGivenTwice", R"("graph":[)", node("column:age", "p"),
         "graph[6]: output 'p' is given twice"),
    swap("ValueThatPosesAsAColumn", R"("graph":[)", node("column:age", "column:late"),
         "graph[0]: output 'column:late' is not a name"),
    swap("NodeWithoutInputs", R"("in":["p"])", R"("in":[])", "'in' is not a list"),
    swap("NodeWithoutOutputs", R"("out":["p"])", R"("out":[])", "'out' is not a list"),
    swap("OperatorNameWithAPath", R"("op":"sigmoid")", R"("op":"../sigmoid")",
         "graph[5]: 'op' is not 1 to 64 characters"),
    swap("OperatorVersionZero", R"("step":"pipeline -> sigmoid","tensors":{},"version":1)",
         R"("step":"pipeline -> sigmoid","tensors":{},"version":0)",
         "graph[5]: 'version' is not an integer from 1"),
    swap("TensorThatIsMissing", R"("by":"mean")", R"("by":"none")",
         "graph[2]: role 'by' names the tensor 'none', which is missing"),
    swap("TensorOutsideOfTheFile", R"("by":"mean")", R"("by":"file:///etc/passwd")",
         "names the tensor 'file:///etc/passwd', which is missing"),
    swap("TensorThatIsAPadding", R"("by":"mean")", R"("by":"mean~")", "which is missing"),
    swap("TensorThatIsTheDigest", R"("by":"mean")", R"("by":"~sha256")", "which is missing"),
    swap("TensorThatNobodyNames", R"("bias":"bias",)", "", "tensor 'bias': neither a node nor"),
    swap("GraphThatIsAnObject", R"("numerics":{})", R"("numerics":[])",
         "'numerics' is not an object"),
};

// The second column with another type.
Case of_type(const char* name, std::string_view type, std::string phrase) {
  constexpr std::string_view kFormat =
      R"("name":"age","nullable":false,"optional":false,"range":[-3,3],"type":"{}")";
  return swap(name, fmt::format(kFormat, "number"), fmt::format(kFormat, type), std::move(phrase));
}

const std::vector<Case> kColumns{
    swap("ColumnTwice", R"("name":"age")", R"("name":"amount")",
         "inputs[1]: the name 'amount' stands twice"),
    swap("ColumnWithoutName", R"("name":"age")", R"("name":"")",
         "inputs[1]: 'name' is not a text of at least one character"),
    of_type("UnknownColumnType", "pickle", "inputs[1]: type 'pickle' is none of"),
    of_type("ColumnOfNoWidth", "number[0]", "inputs[1]: type 'number[0]' is none of"),
    of_type("ColumnOfHugeWidth", "number[16777217]", "(k from 1 to 16777216)"),
    swap("OptionalButNotNullable", R"("name":"age","nullable":false,"optional":false)",
         R"("name":"age","nullable":false,"optional":true)",
         "inputs[1]: is optional but not nullable"),
    swap("NullableIsANumber", R"("name":"age","nullable":false)", R"("name":"age","nullable":0)",
         "inputs[1]: 'nullable' is not true or false"),
    swap("RangeUpsideDown", R"("name":"age","nullable":false,"optional":false,"range":[-3,3])",
         R"("name":"age","nullable":false,"optional":false,"range":[3,-3])",
         "inputs[1]: 'range' is not a list of 2 ascending numbers"),
    swap("MissingRateAboveOne", R"("missing_rate":0,"name":"age")",
         R"("missing_rate":2,"name":"age")",
         "inputs[1]: 'missing_rate' is not a number from 0 to 1"),
    swap("UnknownMissing", R"("missing_rate":0,"name":"age")",
         R"("missing":"null","missing_rate":0,"name":"age")",
         "inputs[1]: 'missing' is not one of nan, none, na"),
    swap("CategoryTwice", R"({"missing_rate":0,"name":"age")",
         R"({"categories":["a","a"],"missing_rate":0,"name":"age")",
         R"(inputs[1]: 'categories' holds "a" twice)"),
    swap("QuantilesThatAreFew", R"("optional":false,"range":[-3,3],"type":"number"}],"kind")",
         R"("optional":false,"quantiles":[0,1],"range":[-3,3],"type":"number"}],"kind")",
         "inputs[1]: 'quantiles' is not a list of 21 ascending numbers"),
};

const std::vector<Case> kOutputs{
    swap("OutputTwice", R"("name":"predict","type":"label")",
         R"("name":"predict_proba","type":"label")",
         "outputs[1]: the name 'predict_proba' stands twice"),
    swap("OutputFromNowhere", R"("from":"class")", R"("from":"klass")",
         "outputs[1]: comes from 'klass', which no node gives"),
    swap("OutputFromNoColumn", R"("from":"class")", R"("from":"column:klass")",
         "comes from 'column:klass'"),
    swap("UnknownOutputType", R"("type":"label")", R"("type":"object")",
         "outputs[1]: 'type' is not one of number, label, integer"),
    swap("OutputOfNoWidth", R"("width":2)", R"("width":0)",
         "outputs[0]: 'width' is not an integer from 1 to 16777216"),
    swap("LabelOfTwoColumns", R"("type":"label","width":1)", R"("type":"label","width":2)",
         "outputs[1]: 'width' is not an integer from 1 to 1"),
    swap("FewerLabelsThanColumns", R"("labels":[0,1],"name":"predict_proba")",
         R"("labels":[0],"name":"predict_proba")",
         "outputs[0]: has 1 labels, expected one for each of its 2 columns"),
    swap("LabelTwice", R"("labels":[0,1],"name":"predict_proba")",
         R"("labels":[1,1],"name":"predict_proba")", "outputs[0]: 'labels' holds 1 twice"),
    swap("LabelThatIsAnObject", R"("labels":[0,1],"name":"predict_proba")",
         R"("labels":[0,{"a":1}],"name":"predict_proba")",
         "outputs[0]: labels[1]: is not a text, boolean, number"),
    swap("LabelTaggedWithoutNeed", R"("labels":[0,1],"name":"predict_proba")",
         R"("labels":[0,{"int64":"1"}],"name":"predict_proba")", "labels[1]: is not"),
    swap("LabelTaggedWithRubbish", R"("labels":[0,1],"name":"predict_proba")",
         R"("labels":[0,{"int64":"9223372036854775808"}],"name":"predict_proba")",
         "labels[1]: is not"),
    swap("LabelsThatAreMissing", R"("labels":[0,1],"name":"predict","type")",
         R"("name":"predict","type")", "outputs[1]: gives labels, but key 'labels' is missing"),
    swap("LabelsOfIntegers", R"("type":"label")", R"("type":"integer")",
         "outputs[1]: gives integers, which have no 'labels'"),
    swap("NegativeBound", R"("here":0},"default":true)", R"("here":-1},"default":true)",
         "outputs[0]: 'here' is not a number from 0"),
    swap("ScoreOfAnUnknownOutput", R"("output":"predict_proba")", R"("output":"score")",
         "score: 'score' is not an output of type number"),
    swap("ScoreThatIsALabel", R"("output":"predict_proba")", R"("output":"predict")",
         "score: 'predict' is not an output of type number"),
    swap("ScoreBeyondTheWidth", R"("score":{"column":1)", R"("score":{"column":2)",
         "score: 'column' is not an integer from 0 to 1"),
    swap("PositiveOfAnotherColumn", R"("positive":1)", R"("positive":0)",
         "score: 'positive' is 0, but column 1 of output 'predict_proba' has the label 1"),
    swap("PositiveOfSeveralClasses", R"("kind":"yes/no")", R"("kind":"classes")",
         "score: has a 'positive' label, which only the kind yes/no has"),
};

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Whole, HostileManifest, testing::ValuesIn(kWhole), kName);
INSTANTIATE_TEST_SUITE_P(Graph, HostileManifest, testing::ValuesIn(kGraph), kName);
INSTANTIATE_TEST_SUITE_P(Columns, HostileManifest, testing::ValuesIn(kColumns), kName);
INSTANTIATE_TEST_SUITE_P(Outputs, HostileManifest, testing::ValuesIn(kOutputs), kName);

TEST(HostileManifest, AFingerprintOfOtherContentIsRefused) {
  auto parts = parts_of(tiny_logistic_package());
  find(parts.tensors, "mean").bytes[0] = std::byte{1};
  const auto package = Package::open(write_package_text(parts.manifest, parts.tensors));
  ASSERT_FALSE(package);
  EXPECT_THAT(package.error().message, HasSubstr("manifest: fingerprint is sha256:"));
}

TEST(HostileManifest, AFingerprintInUpperCaseIsRefused) {
  auto parts = parts_of(tiny_logistic_package());
  parts.manifest = replaced(parts.manifest, "sha256:", "SHA256:");
  const auto package = Package::open(write_package_text(parts.manifest, parts.tensors));
  ASSERT_FALSE(package);
  EXPECT_THAT(package.error().message, HasSubstr("manifest: fingerprint: digest 'SHA256:"));
}

TEST(HostileManifest, ATaggedIntegerBeyond2To53IsALabel) {
  auto parts = parts_of(tiny_logistic_package());
  parts.manifest = replaced(parts.manifest, R"("labels":[0,1],"name":"predict","type")",
                            R"("labels":[0,{"int64":"9007199254740993"}],"name":"predict","type")");
  const auto package = Package::open(assembled(parts));
  ASSERT_TRUE(package) << package.error().message;
  EXPECT_EQ(*(*package)->manifest().outputs[1].labels[1].integer(), 9007199254740993);
}

}  // namespace
}  // namespace bascule::hostile
