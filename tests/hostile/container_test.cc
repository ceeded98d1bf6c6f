// Containers that prove themselves and break one rule each (docs/package-format.md, "Container").

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "hostile.h"
#include "package/package.h"
#include "package/testing.h"

namespace bascule::hostile {
namespace {

using testing::HasSubstr;

class HostileContainer : public testing::TestWithParam<Case> {};

TEST_P(HostileContainer, IsRefusedWithItsSentence) {
  const auto package = Package::open(GetParam().make());
  ASSERT_FALSE(package);
  EXPECT_THAT(package.error().message, HasSubstr(GetParam().phrase));
}

// A header around the tiny package's data.
File around(std::string_view header, const std::function<void(File&)>& change = {}) {
  auto data = data_of(tiny_logistic_package());
  if (change) {
    change(data);
  }
  return write_container(header, data);
}

std::string tiny_header() {
  return header_of(tiny_logistic_package());
}

// The first eight bytes say that the header has `length` bytes.
File with_length(std::uint64_t length) {
  auto file = tiny_logistic_package();
  for (std::size_t i = 0; i < 8; ++i) {
    file[i] = static_cast<std::byte>(length >> (8 * i) & 0xff);
  }
  rehash(file);
  return file;
}

File with_tensor_count(std::size_t count) {
  std::string header = tiny_header();
  std::string many;
  for (std::size_t i = 9; i < count; ++i) {
    many += fmt::format(R"(,"t{}":{{"data_offsets":[640,640],"dtype":"U8","shape":[0]}})", i);
  }
  return around(replaced(header, R"(,"~sha256")", many + R"(,"~sha256")"));
}

const std::vector<Case> kOffsets{
    {"OverlappingTensors", [] { return with_header("[64,80]", "[48,64]"); },
     "tensor 'scale': starts at 48 and overlaps the tensor before, which ends at 64"},
    {"HoleBetweenTensors", [] { return with_header("[64,80]", "[72,88]"); },
     "tensor 'scale': starts at 72 and leaves a hole behind 64"},
    {"FirstTensorBehindAHole", [] { return with_header("[0,16]", "[64,80]"); },
     "tensor 'mean': starts at 64 and leaves a hole behind 0"},
    {"DescendingOffsets", [] { return with_header("[64,80]", "[80,64]"); },
     "not two ascending byte positions"},
    {"NegativeOffset", [] { return with_header("[0,16]", "[-16,0]"); },
     "not two ascending byte positions"},
    {"ThreeOffsets", [] { return with_header("[0,16]", "[0,16,16]"); },
     "not two ascending byte positions"},
    {"OffsetsBeyondTheFile",
     [] {
       return with_header(R"([576,640],"dtype":"I64","shape":[8])",
                          R"([576,6400576],"dtype":"I64","shape":[800000])");
     },
     "tensor 'golden.out.1': ends at 6400576, but the file has only 672 bytes of data"},
    {"BytesBehindTheLastTensor",
     [] { return around(tiny_header(), [](File& data) { data.resize(data.size() + 64); }); },
     "file: has 64 bytes behind its last tensor"},
};

const std::vector<Case> kShapes{
    {"ShapeThatWrapsToTheRightSize",  // 8 * (2^61 + 2) is 16 modulo 2^64
     [] {
       return with_header(R"("shape":[2]},"mean~")", R"("shape":[2305843009213693954]},"mean~")");
     },
     "tensor 'mean': has 16 bytes, expected its shape times the 8 of F64"},
    {"ShapeWhoseProductWraps",
     [] {
       return with_header(R"("shape":[2]},"mean~")",
                          R"("shape":[4294967296,4294967296,2]},"mean~")");
     },
     "expected its shape times"},
    {"ShapeOf2To63",
     [] {
       return with_header(R"("shape":[2]},"mean~")", R"("shape":[9223372036854775808]},"mean~")");
     },
     "not an integer from 0 to 2^63 - 1"},
    {"NegativeShape",
     [] { return with_header(R"("shape":[2]},"mean~")", R"("shape":[-1,-2]},"mean~")"); },
     "not an integer from 0 to 2^63 - 1"},
    {"FractionalShape",
     [] { return with_header(R"("shape":[2]},"mean~")", R"("shape":[2.5]},"mean~")"); },
     "not an integer from 0 to 2^63 - 1"},
    {"FiveDimensions",
     [] {
       return with_header(R"("shape":[1,2]},"weights~")", R"("shape":[1,1,1,1,2]},"weights~")");
     },
     "tensor 'weights': shape has 5 dimensions; at most 4 are allowed"},
    {"ShapeIsANumber",
     [] { return with_header(R"("shape":[2]},"mean~")", R"("shape":2},"mean~")"); },
     "shape is not a list"},
    {"UnknownDtype",
     [] { return with_header(R"([0,16],"dtype":"F64")", R"([0,16],"dtype":"F16")"); },
     "tensor 'mean': dtype is none of"},
    {"DtypeOfAnotherSize",
     [] { return with_header(R"([0,16],"dtype":"F64")", R"([0,16],"dtype":"F32")"); },
     "tensor 'mean': has 16 bytes, expected its shape times the 4 of F32"},
    {"BooleanThatIsNeither",
     [] {
       return with_tensors([](auto& tensors) {
         auto& refused = find(tensors, "golden.refused");
         refused.dtype = DType::kBool;
         refused.bytes[0] = std::byte{2};
       });
     },
     "is BOOL and has a byte that is neither 0 nor 1"},
};

const std::vector<Case> kNames{
    {"TwoTensorsOfOneName", [] { return with_header(R"("scale":{)", R"("mean":{)"); },
     "header: JSON: key 'mean' stands twice"},
    {"DuplicateKeyInATensor",
     [] { return with_header(R"("shape":[1,2])", R"("shape":[1,2],"shape":[1,2])"); },
     "key 'shape' stands twice"},
    {"UnknownKeyInATensor",
     [] { return with_header(R"("shape":[1,2])", R"("shape":[1,2],"url":"x")"); },
     "tensor 'weights': expected exactly the keys data_offsets, dtype, shape"},
    {"KeysInAnotherOrder",
     [] {
       return with_header(R"("data_offsets":[0,16],"dtype":"F64")",
                          R"("dtype":"F64","data_offsets":[0,16])");
     },
     "expected exactly the keys"},
    {"NameThatClimbsOutOfAFolder", [] { return with_header(R"("mean":{)", R"("../mean":{)"); },
     "tensor '../mean': its name is not"},
    {"NameWithAnEmptyPart", [] { return with_header(R"("mean":{)", R"("/mean":{)"); },
     "its name is not"},
    {"NameWithASpace", [] { return with_header(R"("mean":{)", R"("me an":{)"); },
     "its name is not"},
    {"EmptyName", [] { return with_header(R"("mean":{)", R"("":{)"); }, "its name is not"},
    {"NameTooLong",
     [] { return with_header(R"("mean":{)", "\"" + std::string(257, 'n') + "\":{"); },
     "its name is not 1 to 256 characters"},
    {"NameWithAnEscape", [] { return with_header(R"("bias":{)", R"("bi\u0061s":{)"); },
     "header: is not canonical JSON"},
    {"SpaceInTheHeader", [] { return with_header(R"("shape":[1,2])", R"("shape":[1, 2])"); },
     "header: is not canonical JSON"},
    {"OneTensorTooMany", [] { return with_tensor_count(limits::kTensors + 1); },
     "is one more than the 65536 tensors"},
    {"AsManyTensorsAsAllowed",  // so the container lets it pass, and what comes later does not
     [] { return with_tensor_count(limits::kTensors); }, "neither a node nor the golden rows"},
};

const std::vector<Case> kPaddingsAndDigest{
    {"PaddingThatIsMissing", [] { return with_header(R"("mean~")", R"("meaner")"); },
     "the padding 'mean~' is missing"},
    {"PaddingThatIsNotZero",
     [] { return around(tiny_header(), [](File& data) { data[63] = std::byte{1}; }); },
     "tensor 'mean~': is a padding with a byte that is not zero"},
    {"PaddingOfAnotherType",
     [] { return with_header(R"([16,64],"dtype":"U8")", R"([16,64],"dtype":"I8")"); },
     "tensor 'mean~': is a padding that is not U8 [48]"},
    {"PaddingThatStopsShort",
     [] {
       return with_header(R"([16,64],"dtype":"U8","shape":[48])",
                          R"([16,32],"dtype":"U8","shape":[16])");
     },
     "is a padding that is not U8 [48]"},
    {"PaddingWhereNoneIsNeeded",
     [] {
       return with_header(
           R"("golden.in.1":{)",
           R"("golden.in.0~":{"data_offsets":[320,320],"dtype":"U8","shape":[0]},"golden.in.1":{)");
     },
     "tensor 'golden.in.0~': its name is not"},
    {"NoDigest",
     [] {
       return with_header(R"(,"~sha256":{"data_offsets":[640,672],"dtype":"U8","shape":[32]})", "");
     },
     "the last tensor is not ~sha256"},
    {"NothingButADigest",
     [] {
       const std::string header = R"({"__metadata__":{"bascule":"{}"},)"
                                  R"("~sha256":{"data_offsets":[0,32],"dtype":"U8","shape":[32]}})";
       return write_container(header, {});
     },
     "manifest: key 'format' is missing"},
    {"DigestOfAnotherShape",
     [] {
       return with_header(R"([640,672],"dtype":"U8","shape":[32])",
                          R"([640,672],"dtype":"U8","shape":[4,8])");
     },
     "tensor '~sha256': is not U8 [32]"},
    {"TensorBehindTheDigest",
     [] {
       const auto header = replaced(
           tiny_header(), R"("shape":[32]}})",
           R"("shape":[32]},"late":{"data_offsets":[672,704],"dtype":"U8","shape":[32]}})");
       return around(header, [](File& data) { data.resize(data.size() + 32); });
     },
     "tensor 'late': stands behind ~sha256"},
};

const std::vector<Case> kHeaders{
    {"HeaderBomb", [] { return with_length(std::uint64_t{1} << 63); },
     "header: says it has 9223372036854775808 bytes; at most 16777216 are read"},
    {"HeaderOneByteTooLong", [] { return with_length(limits::kHeaderBytes + 1); },
     "header: says it has 16777217 bytes"},
    {"HeaderLongerThanTheFile", [] { return with_length(8'000); }, "but the file ends after"},
    {"HeaderThatEndsAnywhere", [] { return with_length(100); }, "expected a multiple of 64"},
    {"HeaderThatTakesTheData",
     [] { return with_length(tiny_logistic_package().size() - 8 - 0x20); },
     "header: JSON: expected the end of the text"},
    {"DeepHeader",
     [] { return with_header(R"("shape":[1,2])", "\"shape\":" + std::string(100'000, '[')); },
     "header: JSON: nested deeper than 3"},
    {"HeaderIsAList", [] { return around("[1]"); }, "header: is not a JSON object"},
    {"HeaderIsBroken", [] { return around("{\"__metadata__\":"); },
     "header: JSON: expected a value"},
    {"EmptyHeader", [] { return around("{}"); }, "the first key is not __metadata__"},
    {"MetadataIsMissing", [] { return with_header("__metadata__", "metadata"); },
     "the first key is not __metadata__"},
    {"MetadataOfSomethingElse", [] { return with_header(R"({"bascule":")", R"({"format":")"); },
     "__metadata__ is not exactly one text named 'bascule'"},
    {"MetadataWithASecondKey",
     [] { return with_header(R"({"bascule":")", R"({"also":"","bascule":")"); },
     "__metadata__ is not exactly one text named 'bascule'"},
    {"TwoModels", [] { return with_header(R"({"bascule":")", R"({"bascule":"{}","bascule":")"); },
     "key 'bascule' stands twice"},
    {"ManifestThatIsNotUtf8",
     [] { return with_header(R"(\"notes\":\"\")", "\\\"notes\\\":\\\"\xff\\\""); }, "is not UTF-8"},
    {"EmptyFile", [] { return File(); }, "file: has 0 bytes"},
    {"OnlyALength", [] { return File(8); }, "header: ends at byte 8"},
    {"ShorterThanALength", [] { return File(7); }, "file: has 7 bytes, too few for a package"},
    {"NoRoomForTheDigest",
     [] {
       File file(64);
       file[0] = std::byte{56};
       return file;
     },
     "file: ends before its digest"},
};

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Offsets, HostileContainer, testing::ValuesIn(kOffsets), kName);
INSTANTIATE_TEST_SUITE_P(Shapes, HostileContainer, testing::ValuesIn(kShapes), kName);
INSTANTIATE_TEST_SUITE_P(Names, HostileContainer, testing::ValuesIn(kNames), kName);
INSTANTIATE_TEST_SUITE_P(PaddingsAndDigest, HostileContainer, testing::ValuesIn(kPaddingsAndDigest),
                         kName);
INSTANTIATE_TEST_SUITE_P(Headers, HostileContainer, testing::ValuesIn(kHeaders), kName);

TEST(HostileCorpus, TheUnchangedPackageIsAccepted) {
  const auto file = tiny_logistic_package();
  EXPECT_EQ(assembled(parts_of(file)), file);
  EXPECT_EQ(write_container(header_of(file), data_of(file)), file);
  EXPECT_TRUE(Package::open(file));
}

}  // namespace
}  // namespace bascule::hostile
