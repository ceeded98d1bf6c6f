#include "api/oip_decoder.h"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>
#include <random>

#include "api/handler.h"
#include "api/oip_plain.h"
#include "api/oip_types.h"
#include "api/rows_decoder.h"
#include "api/score_encoder.h"
#include "base/limits.h"
#include "engine/testing.h"
#include "package/testing.h"
#include "serving/host.h"

namespace bascule {
namespace {

std::shared_ptr<LiveSet> live_set(const std::vector<std::byte>& bytes) {
  const auto package = Package::open(bytes);
  EXPECT_TRUE(package) << package.error().message;
  const auto plan = Plan::load(*package);
  EXPECT_TRUE(plan) << plan.error().message;
  auto set = std::make_shared<LiveSet>();
  set->model = "fraud/charge";
  const auto version = std::make_shared<LiveVersion>(
      LiveVersion{.version = 7, .digest = digest_text((*package)->digest()), .plan = *plan});
  set->production = LiveTag{.tag = "production", .revision = 1, .live = version, .columns = {}};
  EXPECT_TRUE(unite_columns(*set));
  return set;
}

// One column of each type that a tensor can fill.
std::vector<std::byte> mixed_package() {
  return testing::TestGraph()
      .column("amount", "number")
      .column("age", "integer")
      .column("country", "string", true)
      .column("member", "boolean")
      .column("emb", "number[3]")
      .node("add", {"column:amount"}, "sum",
            {.attrs = {}, .tensors = {testing::vector_tensor("by", {1})}})
      .output("predict", "sum")
      .package();
}

// A row of mixed_package: `emb` as a tensor's type and data, and an age.
std::string mixed_row(std::string_view emb, std::string_view type = "INT64",
                      std::string_view age = "7") {
  return fmt::format(R"({{"inputs":[{{"name":"amount","shape":[1],"datatype":"FP64","data":[1]}},)"
                     R"({{"name":"age","shape":[1],"datatype":"{}","data":[{}]}},)"
                     R"({{"name":"country","shape":[1],"datatype":"BYTES","data":["DE"]}},)"
                     R"({{"name":"member","shape":[1],"datatype":"BOOL","data":[true]}},)"
                     R"({{"name":"emb","shape":[1,3],"datatype":{}}}]}})",
                     type, age, emb);
}

// Its only column is a list of three numbers.
std::vector<std::byte> list_package() {
  return testing::TestGraph()
      .column("emb", "number[3]")
      .node("add", {"column:emb"}, "sum",
            {.attrs = {}, .tensors = {testing::vector_tensor("by", {1, 1, 1})}})
      .output("predict", "sum", 3)
      .package();
}

class OipDecoder : public ::testing::Test {
 protected:
  void use(const std::vector<std::byte>& package) { set = live_set(package); }

  Result<OipRequest> decode(std::string_view text) {
    body_ = text;
    body_.append(kBodyPadding, '\0');
    return decode_oip(parser_, {body_.data(), text.size()}, *set, *set->production);
  }
  std::string refusal(std::string_view text) {
    const auto request = decode(text);
    return request ? "" : request.error().message;
  }
  // The refusal of one tensor named x over a model of two number columns.
  std::string tensor(std::string_view shape, std::string_view datatype, std::string_view data) {
    return refusal(
        fmt::format(R"({{"inputs":[{{"name":"x","shape":{},"datatype":"{}","data":{}}}]}})", shape,
                    datatype, data));
  }

  std::shared_ptr<LiveSet> set = live_set(tiny_logistic_package());

 private:
  JsonParser parser_;
  std::string body_;
};

constexpr std::string_view kColumns =
    R"({"id":"q","inputs":[{"name":"amount","shape":[2],"datatype":"FP64","data":[1.5,2.5]},)"
    R"({"name":"age","shape":[2,1],"datatype":"INT64","data":[[3],[4]]}]})";

TEST_F(OipDecoder, ReadsOneTensorForEachColumn) {
  const auto request = decode(kColumns);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->id, "q");
  EXPECT_EQ(request->batch.view(0, 0).f64()[1], 2.5);
  EXPECT_EQ(request->batch.view(1, 0).f64()[1], 4);
}

TEST_F(OipDecoder, ReadsOneMatrixInTheOrderOfTheMetadata) {
  for (const std::string_view data : {"[1,2,3,4]", "[[1,2],[3,4]]"}) {
    for (const std::string_view name : {"x", "input"}) {
      const auto request = decode(
          fmt::format(R"({{"inputs":[{{"data":{},"datatype":"FP64","name":"{}","shape":[2,2]}}]}})",
                      data, name));
      ASSERT_TRUE(request) << request.error().message;
      EXPECT_EQ(request->batch.view(0, 0).f64()[1], 3);
      EXPECT_EQ(request->batch.view(1, 0).f64()[0], 2);
    }
  }
}

// kserve's client repeats it in the body.
TEST_F(OipDecoder, TheModelMayBeNamedInTheBodyToo) {
  const auto body = [](std::string_view model) {
    return fmt::format(R"({{"model_name":{},{})", model, kColumns.substr(1));
  };
  EXPECT_TRUE(decode(body(fmt::format(R"("{}")", set->model))));
  EXPECT_NE(refusal(body(R"("no/such")")).find("'no/such'"), std::string::npos);
  EXPECT_NE(refusal(body("7")).find("model_name"), std::string::npos);
}

TEST_F(OipDecoder, Fp16ComesAsBinaryOnly) {
  EXPECT_NE(tensor("[1,2]", "FP16", "[1,2]").find("binary"), std::string::npos);
  EXPECT_EQ(tensor("[1,2]", "FP32", "[1,2]"), "");
}

TEST_F(OipDecoder, TheOnlyColumnIsMeantByXToo) {
  use(list_package());
  for (const std::string_view name : {"emb", "x", "input"}) {
    const auto request = decode(fmt::format(
        R"({{"inputs":[{{"name":"{}","shape":[1,3],"datatype":"FP64","data":[1,2,3]}}]}})", name));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->batch.features_json(0), R"({"emb":[1,2,3]})");
  }
  EXPECT_EQ(tensor("[1,2]", "FP64", "[1,2]"), "input 'x' has the shape [1, 2], expected [rows, 3]");
}

TEST_F(OipDecoder, AListWithAWrongElementHasNoValue) {
  use(list_package());
  const auto request =
      decode(R"({"inputs":[{"name":"emb","shape":[1,3],"datatype":"FP64","data":[1,null,3]}]})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->batch.bad_count(), 1U);
  EXPECT_EQ(request->batch.features_json(0), "{}");
}

TEST_F(OipDecoder, TakesTheKeysInAnyOrder) {
  const auto request =
      decode(R"({"parameters":{"bascule_key":["a","b"]},"outputs":[{"name":"predict"}],)"
             R"("inputs":[{"data":[1,2,3,4],"parameters":{"a":1},"shape":[2,2],"name":"x",)"
             R"("datatype":"FP64"}],)"
             R"("id":"z"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->batch.envelope(1).key, "b");
  EXPECT_EQ(request->outputs, std::vector<std::string>{"predict"});
}

TEST_F(OipDecoder, TakesKeysThatAreWrittenWithEscapes) {
  for (const std::string_view order :
       {R"("name":"x","sh\u0061pe":[1,2],"datatype":"FP64","dat\u0061":[1,2])",
        R"("dat\u0061":[1,2],"name":"x","shape":[1,2],"d\u0061tatype":"FP64")"}) {
    const auto request = decode(fmt::format(
        R"({{"p\u0061rameters":{{"bascule_key":"k"}},"\u0069nputs":[{{{}}}]}})", order));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->batch.view(1, 0).f64()[0], 2);
    EXPECT_EQ(request->batch.envelope(0).key, "k");
  }
}

TEST_F(OipDecoder, ReadsEveryType) {
  use(mixed_package());
  const auto request =
      decode(R"({"inputs":[{"name":"amount","shape":[2],"datatype":"INT32","data":[1,2]},)"
             R"({"name":"age","shape":[2],"datatype":"FP64","data":[7.0,9007199254740991]},)"
             R"({"name":"country","shape":[2],"datatype":"BYTES","data":["DE",null]},)"
             R"({"name":"member","shape":[2],"datatype":"BOOL","data":[true,false]},)"
             R"({"name":"emb","shape":[2,3],"datatype":"FP64","data":[1,2,3,4,5,6]}]})");
  ASSERT_TRUE(request) << request.error().message;
  const RowBatch& batch = request->batch;
  EXPECT_EQ(batch.bad_count(), 0U);
  EXPECT_EQ(batch.view(0, 0).f64()[1], 2);
  EXPECT_EQ(batch.view(1, 0).i64()[0], 7);
  EXPECT_EQ(batch.view(2, 0).strings()[0], "DE");
  EXPECT_EQ(batch.state(1, 2), CellState::kNull);
  EXPECT_EQ(batch.view(3, 0).boolean()[0], 1);
  EXPECT_EQ(batch.view(4, 0).f64()[5], 6);
}

TEST_F(OipDecoder, HoldsFloat32ValuesInATensorOfFloat32) {
  const auto request =
      decode(R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[0.1,1]}]})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.view(0, 0).f64()[0], static_cast<double>(0.1F));
  EXPECT_EQ(tensor("[1,2]", "FP32", "[3.4028235677e38,-3.4028235e38]"), "");
  EXPECT_EQ(tensor("[1,2]", "FP32", "[1,1e39]"), "input 'x': the number 1e39 is no FP32");
  use(mixed_package());
  const auto matrix = decode(mixed_row(R"("FP32","data":[0.1,16777217,3])"));
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->batch.view(4, 0).f64()[0], static_cast<double>(0.1F));
  EXPECT_EQ(matrix->batch.view(4, 0).f64()[1], 16777216);
}

TEST_F(OipDecoder, TakesWholeNumbersOf64BitsToTheirEnds) {
  use(mixed_package());
  const auto age = [&](std::string_view type, std::string_view number) {
    const auto request = decode(mixed_row(R"("FP64","data":[1,2,3])", type, number));
    EXPECT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->batch.bad_count(), 0U);
    return request->batch.view(1, 0).i64()[0];
  };
  EXPECT_EQ(age("INT64", "9223372036854775807"), INT64_MAX);
  EXPECT_EQ(age("INT64", "9223372036854775806"), INT64_MAX - 1);
  EXPECT_EQ(age("INT64", "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(age("UINT64", "9223372036854775807"), INT64_MAX);
  use(tiny_logistic_package());
  EXPECT_EQ(tensor("[1,2]", "UINT64", "[18446744073709551615,0]"), "");
  EXPECT_EQ(tensor("[1,2]", "INT64", "[9223372036854775807,0]"), "");
  EXPECT_EQ(tensor("[1,2]", "INT64", "[9223372036854775808,0]"),
            "input 'x': the number 9223372036854775808 is no INT64");
  EXPECT_EQ(tensor("[1,2]", "UINT64", "[18446744073709551616,0]"),
            "input 'x': the number 18446744073709551616 is no UINT64");
}

TEST_F(OipDecoder, GivesTheBitsOfTheRowsFace) {
  constexpr std::string_view kNumber = "0.30000000000000004441";
  const auto tensors = decode(fmt::format(
      R"({{"inputs":[{{"name":"x","shape":[1,2],"datatype":"FP64","data":[{},1]}}]}})", kNumber));
  std::string body = fmt::format(R"({{"row":{{"amount":{},"age":1}}}})", kNumber);
  const std::size_t size = body.size();
  body.append(kBodyPadding, '\0');
  JsonParser parser;
  const auto rows = decode_rows(parser, {body.data(), size}, *set);
  ASSERT_TRUE(tensors);
  ASSERT_TRUE(rows);
  EXPECT_EQ(tensors->batch.view(0, 0).f64()[0], rows->batch.view(0, 0).f64()[0]);
  EXPECT_EQ(tensors->batch.row_hash(0), rows->batch.row_hash(0));
}

TEST_F(OipDecoder, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(tensor("[1,2]", "FP64", "[1,2]"), "");
  for (const std::string_view shape :
       {"[]", "[-1,2]", "[1,-2]", "[0,2]", "[1,2,1]", "[1.5,2]", "5", "[\"1\",2]", "[1]", "[2,1]",
        "[1,3]", "[4611686018427387904,4611686018427387904]", "[9223372036854775807,2]",
        "[18446744073709551616,2]", "[10001,2]"}) {
    EXPECT_NE(tensor(shape, "FP64", "[1,2]"), "") << shape;
  }
}

TEST_F(OipDecoder, RefusesDataThatDoesNotFillTheShape) {
  for (const std::string_view data :
       {"[1]", "[1,2,3]", "[[1],[2]]", "[[1,2],[3,4]]", "[[1,2],3]", "[1,[2]]", "[[[1,2]]]", "{}",
        "1", "null", "[[1,2]", "[]", "[[]]"}) {
    EXPECT_NE(tensor("[1,2]", "FP64", data), "") << data;
  }
  EXPECT_EQ(tensor("[2,2]", "FP64", "[1,2,3]"),
            "input 'x' has 3 values, and the shape [2, 2] needs 4");
}

TEST_F(OipDecoder, NamesTheBadRowsOfATensor) {
  const auto request = decode(
      R"({"inputs":[{"name":"x","shape":[3,2],"datatype":"FP64","data":[1,2,"a",4,null,6]}]})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.bad_count(), 2U);
  const Error error = bad_rows_error(request->batch);
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_EQ(error.message.substr(0, 45), "2 of 3 rows cannot be scored: row 1: column '");
  EXPECT_NE(error.message.find("; row 2: column 'amount' is null"), std::string::npos);
}

TEST_F(OipDecoder, RefusesNumbersThatAreNotOfTheirType) {
  EXPECT_EQ(tensor("[1,2]", "UINT8", "[0,255]"), "");
  EXPECT_EQ(tensor("[1,2]", "UINT8", "[0,256]"), "input 'x': the number 256 is no UINT8");
  EXPECT_NE(tensor("[1,2]", "INT8", "[-129,0]"), "");
  EXPECT_NE(tensor("[1,2]", "INT64", "[1.5,0]"), "");
  EXPECT_EQ(tensor("[1,2]", "INT64", "[1.0,0]"), "");
  EXPECT_NE(tensor("[1,2]", "BOOL", "[true,false]"), "");
  EXPECT_NE(tensor("[1,2]", "BYTES", "[\"1\",\"2\"]"), "");
  EXPECT_NE(tensor("[1,2]", "FP99", "[1,2]"), "");
}

TEST_F(OipDecoder, NamesInputsThatAreWrongMissingOrRepeated) {
  EXPECT_EQ(refusal(R"({"inputs":[{"name":"amuont","shape":[1],"datatype":"FP64","data":[1]}]})"),
            "unknown input 'amuont'; did you mean 'amount'?");
  EXPECT_EQ(refusal(R"({"inputs":[{"name":"amount","shape":[1],"datatype":"FP64","data":[1]}]})"),
            "missing input 'age'; the metadata names what the model needs");
  EXPECT_EQ(refusal(R"({"inputs":[{"name":"amount","shape":[1],"datatype":"FP64","data":[1]},)"
                    R"({"name":"amount","shape":[1],"datatype":"FP64","data":[1]}]})"),
            "input 'amount' stands twice");
  EXPECT_EQ(refusal(R"({"inputs":[{"name":"amount","shape":[1],"datatype":"FP64","data":[1]},)"
                    R"({"name":"age","shape":[2],"datatype":"FP64","data":[1,2]}]})"),
            "input 'age' has 2 rows, and the one before it 1");
}

TEST_F(OipDecoder, RefusesBodiesThatAreNotOfTheProtocol) {
  for (const std::string_view text :
       {"", "[]", "{}", R"({"inputs":[]})", R"({"inputs":{}})", R"({"inputs":[1]})",
        R"({"inputs":[{"name":"x"}]})", R"({"inputs":[{"name":5}]})",
        R"({"inputs":[],"inputs":[]})", R"({"inputs":[],"rows":[]})",
        R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2],"data":[1,2]}]})",
        R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}],"outputs":[1]})",
        R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}],"outputs":[{}]})",
        R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}],"id":5})",
        R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}]} x)",
        R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}],)"
        R"("parameters":5})"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
}

TEST_F(OipDecoder, ReadsParametersForAllRowsOrEach) {
  const auto with = [&](std::string_view parameters) {
    return decode(fmt::format(
        R"({{"inputs":[{{"name":"x","shape":[2,2],"datatype":"FP64","data":[1,2,3,4]}}],)"
        R"("parameters":{}}})",
        parameters));
  };
  const auto request = with(R"({"bascule_key":["a",null],"bascule_amount":[1,2.5],)"
                            R"("bascule_time":["2026-11-24T12:00:00Z",null],)"
                            R"("priority":3,"other":{"deep":[1]}})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->batch.envelope(0).key, "a");
  EXPECT_EQ(request->batch.envelope(1).key, "");
  EXPECT_EQ(request->batch.envelope(1).amount, 2.5);
  EXPECT_TRUE(request->batch.envelope(0).time);
  EXPECT_FALSE(with(R"({"bascule_key":"a"})"));
  EXPECT_FALSE(with(R"({"bascule_key":["a"]})"));
  EXPECT_FALSE(with(R"({"bascule_key":["a","b","c"]})"));
  EXPECT_FALSE(with(R"({"bascule_key":[1,2]})"));
  EXPECT_FALSE(with(R"({"bascule_amount":["1","2"]})"));
}

// Everything of a request, with the bits of its numbers.
std::string described(const Result<OipRequest>& request) {
  if (!request) {
    return "refused";
  }
  std::string out = request->id.value_or("no id");
  const RowBatch& batch = request->batch;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    for (std::size_t column = 0; column < batch.columns().size(); ++column) {
      out += fmt::format(" {}", static_cast<int>(batch.state(row, column)));
    }
    out += batch.bad(row) != nullptr ? batch.bad(row)->message : batch.features_json(row);
  }
  return out;
}

// Good and bad bodies of the plain form, with blanks and faults of all kinds: what is taken for
// plain is read as the decoder reads it, whom an empty `parameters` gives the same request.
TEST_F(OipDecoder, ReadsThePlainFormAsItReadsAnyOther) {
  use(testing::TestGraph()
          .column("amount", "number")
          .column("age", "integer")
          .column("country", "string", true)
          .node("add", {"column:amount"}, "sum",
                {.attrs = {}, .tensors = {testing::vector_tensor("by", {1})}})
          .output("predict", "sum")
          .package());
  std::mt19937_64 random(3);
  const auto one_of = [&](const std::vector<std::string>& words) {
    return words[random() % words.size()];
  };
  const auto number = [&] {
    return one_of({"1.5", "-0", "0.1", "1e-5", "12345678901234567", "0.30000000000000004441",
                   fmt::format("{}", std::bit_cast<double>(random() >> 2 | 1ULL << 61)),
                   fmt::format("{}", static_cast<double>(random()) * 1e-19), "7", "1e400", "01",
                   "1.", "null", "\"1\"", "-"});
  };
  const auto maybe = [&](std::string_view usual, const std::vector<std::string>& others) {
    return random() % 8 == 0 ? one_of(others) : std::string(usual);
  };
  const auto tensor = [&](std::string_view name, std::string_view type, auto&& value) {
    std::string data = maybe("[", {"[[", "", "[ "});
    data += value() + maybe(",", {" , ", "],[", ""}) + value() + maybe("]", {"]]", ",1]", " ]"});
    return fmt::format(R"({{"name":"{}","shape":{},"datatype":"{}","data":{}}})", name,
                       maybe("[2]", {"[2,1]", "[1]", "[ 2 ]", "[]", "2"}),
                       maybe(type, {"FP32", "INT8", "BYTES", "BOOL", "FP16", "no"}), data);
  };
  JsonParser parser;
  std::size_t plain = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string body =
        maybe("", {R"("id":"q",)", R"("id":"\u0041",)", "\"id\":\"\u00e9\",", " \n"});
    body += R"("inputs":[)" + tensor("amount", "FP64", number) + maybe(",", {"", " ,", ";"});
    body +=
        tensor("age", "INT64", [&] { return maybe("3", {"-4", "4.0", "1234567890123456789"}); });
    body += maybe(",", {""}) +
            tensor("country", "BYTES", [&] { return maybe(R"("DE")", {R"("\t")", "null", "1"}); });
    body += maybe("]}", {"]} ", "]}x", "]", "] }", R"(],"id":"z"})"});
    const auto padded = [](std::string text) { return text.append(kBodyPadding, '\0'); };
    const std::string given = padded("{" + body);
    const std::string other = padded(R"({"parameters":{},)" + body);
    const auto read = [&](const std::string& text) {
      return decode_oip(parser, std::string_view(text).substr(0, text.size() - kBodyPadding), *set,
                        *set->production);
    };
    ASSERT_EQ(described(read(given)), described(read(other))) << given;
    plain += read_plain_oip(std::string_view(given).substr(0, given.size() - kBodyPadding), *set,
                            *set->production)
                     .has_value()
                 ? 1
                 : 0;
  }
  EXPECT_GT(plain, 1'000U);
}

// Nothing that a client sends may crash: bodies that differ from good ones in a few bytes.
TEST_F(OipDecoder, SurvivesMutatedBodies) {
  use(mixed_package());
  const std::vector<std::string> seeds{
      R"({"inputs":[{"name":"amount","shape":[2],"datatype":"INT32","data":[1,2]},)"
      R"({"name":"emb","shape":[2,3],"datatype":"FP64","data":[[1,2,3],[4,5,6]]}],)"
      R"("parameters":{"bascule_key":["a","b"]},"outputs":[{"name":"predict"}]})",
      R"({"rows":[{"row":{"amount":1.5,"age":7,"country":"D\u00e9","member":true,"emb":[1,2,3]},)"
      R"("key":"k","segments":{},"time":"2026-11-24T12:00:00Z"}],"outputs":["predict"]})"};
  std::mt19937_64 random(1);
  JsonParser parser;
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = seeds[random() % seeds.size()];
    for (std::uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
      constexpr std::string_view kBytes = "{}[]\",:0-1eE.\\tfn \x01\xff";
      const std::size_t at = random() % body.size();
      switch (random() % 4) {
        case 0:
          body[at] = kBytes[random() % kBytes.size()];
          break;
        case 1:
          body.insert(at, 1, kBytes[random() % kBytes.size()]);
          break;
        case 2:
          body.erase(at, 1 + random() % 8);
          break;
        default:
          body.insert(at, body.substr(random() % body.size(), random() % 16));
      }
      if (body.empty()) {
        body = "{";
      }
    }
    const std::size_t size = body.size();
    body.append(kBodyPadding, '\0');
    const std::string_view text(body.data(), size);
    refused += decode_oip(parser, text, *set, *set->production) ? 0 : 1;
    refused += decode_rows(parser, text, *set) ? 0 : 1;
  }
  EXPECT_GT(refused, 20'000U);
}

TEST(OipTypes, TellWholeNumbersByTheirRange) {
  EXPECT_TRUE(oip_holds(OipType::kInt8, -128));
  EXPECT_FALSE(oip_holds(OipType::kInt8, -129));
  EXPECT_TRUE(oip_holds(OipType::kUint16, 65535));
  EXPECT_FALSE(oip_holds(OipType::kUint16, 65536));
  EXPECT_FALSE(oip_holds(OipType::kUint64, -1));
  EXPECT_FALSE(oip_holds(OipType::kInt64, 9223372036854775808.0));
  EXPECT_FALSE(oip_holds(OipType::kInt32, 0.5));
  EXPECT_TRUE(oip_holds(OipType::kFp64, 0.5));
  EXPECT_EQ(parse_oip_type("BF16"), std::nullopt);
  EXPECT_EQ(parse_oip_type(oip_type_name(OipType::kBytes)), OipType::kBytes);
}

// What both faces write, for a model that knows its numbers.
class ScoreEncoder : public ::testing::Test {
 protected:
  Answer answer_of(std::size_t rows) {
    Answer answer;
    answer.tag = &*set->production;
    for (std::size_t row = 0; row < rows; ++row) {
      answer.event_ids.push_back(fmt::format("event-{}", row));
      answer.scored.score.push_back(0.25 + static_cast<double>(row));
      answer.actions.emplace_back("pass");
    }
    const auto& outputs = set->production->live->plan->manifest().outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      ScoredOutput output{.index = i, .width = outputs[i].width, .numbers = {}, .integers = {}};
      output.numbers.resize(rows * output.width);
      std::iota(output.numbers.begin(), output.numbers.end(), 0.5);
      output.integers.resize(rows * output.width, 1);
      answer.scored.outputs.push_back(std::move(output));
    }
    return answer;
  }

  std::shared_ptr<LiveSet> set = live_set(tiny_logistic_package());
  HttpResponse response;
};

TEST_F(ScoreEncoder, WritesRowsWithTheirVersionAndPutsErrorsInPlace) {
  RowBatch batch(set->columns, 2);
  batch.envelope(0).id = "r\"1";
  batch.mark_bad(1, {"missing", "age", "column 'age' is missing"});
  encode_rows(response, *set, batch, answer_of(2), OutputMask{1}, false);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"name":"fraud/charge","version":"v7","digest":")" + set->production->live->digest +
                R"(","tag":"production","rows":[{"id":"r\"1","event_id":"event-0","score":0.25,)"
                R"("action":"pass","outputs":{"predict_proba":[0.5,1.5]}},)"
                R"({"event_id":"event-1","error":{"code":"missing","column":"age",)"
                R"("message":"column 'age' is missing"}}]})");
}

TEST_F(ScoreEncoder, AnswersASingleRowWithoutAList) {
  RowBatch batch(set->columns, 1);
  encode_rows(response, *set, batch, answer_of(1), OutputMask{1}, true);
  EXPECT_NE(response.body.find(R"("tag":"production","event_id":"event-0","score":0.25)"),
            std::string::npos);
  EXPECT_EQ(response.body.find("\"rows\""), std::string::npos);
}

TEST_F(ScoreEncoder, Answers422WhenEveryRowIsBad) {
  RowBatch batch(set->columns, 1);
  batch.mark_bad(0, {"missing", "age", "column 'age' is missing"});
  encode_rows(response, *set, batch, answer_of(1), OutputMask{1}, true);
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body.find(R"({"error":"column 'age' is missing","code":"unprocessable",)"
                               R"("type":"urn:bascule:error:unprocessable",)"
                               R"("title":"unprocessable","status":422,)"
                               R"("detail":"column 'age' is missing",)"),
            0U);
}

TEST_F(ScoreEncoder, WritesTensorsInTheOrderAskedFor) {
  const std::vector<std::string> names{"predict", "predict_proba"};
  const auto order = oip_outputs(*set->production->live->plan, names);
  ASSERT_TRUE(order);
  encode_oip(response, *set, 1, answer_of(1), {*order, {false, false}, "q\r\n"});
  EXPECT_EQ(response.body, R"({"model_name":"fraud/charge","model_version":"7","id":"q\r\n",)"
                           R"("parameters":{"digest":")" +
                               set->production->live->digest +
                               R"("},"outputs":[{"name":"predict","datatype":"INT64","shape":[1],)"
                               R"("data":[1]},{"name":"predict_proba","datatype":"FP64",)"
                               R"("shape":[1,2],"data":[0.5,1.5]}]})");
}

TEST_F(ScoreEncoder, NamesAnOutputThatThereIsNot) {
  const std::vector<std::string> names{"predict_prob"};
  const auto order = oip_outputs(*set->production->live->plan, names);
  ASSERT_FALSE(order);
  EXPECT_NE(order.error().message.find("predict_prob"), std::string::npos);
}

}  // namespace
}  // namespace bascule
