#include "package/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace bascule {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text, std::size_t depth = limits::kJsonDepth) {
  const auto parsed = parse_json(text, depth);
  if (parsed) {
    return "accepted as " + canonical_json(*parsed);
  }
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  return parsed.error().message;
}

std::string canonical(std::string_view text) {
  return canonical_json(parse_json(text).value());
}

double number(std::string_view text) {
  double out = 0;
  EXPECT_TRUE(parse_json(text).value().number(out)) << text;
  return out;
}

TEST(Json, KeepsTypesAndTheOrderOfKeys) {
  const Json json =
      parse_json(R"( {"z":[1,-2.5,true,null,"x"],"a":{}, "":9223372036854775807} )").value();
  ASSERT_NE(json.object(), nullptr);
  EXPECT_EQ((*json.object())[0].first, "z");
  const auto& list = *json.find("z")->array();
  EXPECT_EQ(*list[0].integer(), 1);
  EXPECT_EQ(list[1].integer(), nullptr);
  EXPECT_TRUE(*list[2].boolean());
  EXPECT_TRUE(list[3].is_null());
  EXPECT_EQ(*list[4].string(), "x");
  EXPECT_EQ(*json.find("")->integer(), INT64_MAX);
  EXPECT_EQ(json.find("none"), nullptr);
}

TEST(Json, ReadsLongDecimalsToTheNearestDouble) {
  EXPECT_EQ(number("0.30000000000000004441"), 0.30000000000000004);  // simdjson 3.0.1: 0.1155
  EXPECT_EQ(number("1.00000000000000000000"), 1.0);
  EXPECT_EQ(number("9007199254740993.0"), 9007199254740992.0);
  EXPECT_EQ(number("18446744073709551616"), 18446744073709551616.0);
  EXPECT_EQ(number("2.2250738585072011e-308"), 2.2250738585072011e-308);
  EXPECT_EQ(number("5e-324"), 5e-324);
  EXPECT_TRUE(std::signbit(number("-0")));
}

TEST(Json, RefusesNumbersThatJsonDoesNotKnow) {
  for (const char* text : {"01", "1.", ".5", "+1", "1e", "1e+", "-", "NaN", "Infinity", "0x10",
                           "1_000", "1e400", "-1e400"}) {
    EXPECT_THAT(error_of(text), HasSubstr("JSON: ")) << text;
  }
  EXPECT_THAT(error_of("1e400"), HasSubstr("beyond a double"));
}

TEST(Json, RefusesADuplicateKeyByName) {
  EXPECT_THAT(error_of(R"([{"a":1,"b":2,"\u0061":3}])"),
              HasSubstr("key 'a' stands twice in the object at byte 1"));
}

TEST(Json, RefusesWhatComesAfterTheValue) {
  EXPECT_THAT(error_of("{} x"), HasSubstr("expected the end of the text at byte 3"));
  EXPECT_THAT(error_of("1 2"), HasSubstr("expected the end of the text"));
  EXPECT_THAT(error_of(std::string_view("1\0", 2)), HasSubstr("expected the end of the text"));
}

TEST(Json, RefusesTextThatEndsTooEarlyWhereverThatIs) {
  const std::string whole = R"({"a":[1.5e+3,"x\u0041\n",true,null,{"b":-0}]})";
  ASSERT_TRUE(parse_json(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_json(whole.substr(0, size))) << size;
  }
}

TEST(Json, RefusesBrokenStructure) {
  for (const char* text : {"[1,]", "{\"a\":1,}", "{,}", "[,1]", "{\"a\" 1}", "{1:2}", "[1 2]", "[}",
                           "{]", "tru", "nulll", "'a'", "{\"a\":}"}) {
    EXPECT_THAT(error_of(text), HasSubstr("JSON: expected")) << text;
  }
}

TEST(Json, AllowsTheDepthAndRefusesOneMore) {
  EXPECT_THAT(error_of("[[[]]]", 3), HasSubstr("accepted"));
  EXPECT_THAT(error_of("[[{\"a\":[]}]]", 3), HasSubstr("nested deeper than 3"));
  EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("nested deeper than 32"));
}

TEST(Json, RefusesStringsThatAreNotUtf8OrHoldHalfAPair) {
  EXPECT_THAT(error_of("\"\xff\""), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of("{\"\xed\xa0\x80\":1}"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of(R"("\ud800")"), HasSubstr("surrogate pair"));
  EXPECT_THAT(error_of(R"("\ud800\u0041")"), HasSubstr("surrogate pair"));
  EXPECT_THAT(error_of(R"("\udc00")"), HasSubstr("surrogate pair"));
  EXPECT_THAT(error_of(R"("\u12g4")"), HasSubstr("four hexadecimal digits"));
  EXPECT_THAT(error_of(R"("\x")"), HasSubstr("expected an escape"));
  EXPECT_THAT(error_of("\"a\nb\""), HasSubstr("no control character"));
  EXPECT_EQ(*parse_json(R"("\ud83d\ude00\/")").value().string(), "\xf0\x9f\x98\x80/");
}

TEST(CanonicalJson, SortsKeysByUtf16CodeUnitsAsRfc8785Does) {
  // RFC 8785, section 3.2.3.
  EXPECT_EQ(canonical(R"({
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"})"),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
            "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
            "\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
            "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(CanonicalJson, WritesTheExampleOfRfc8785) {
  // RFC 8785, section 3.2.2.
  EXPECT_EQ(canonical(R"({"numbers": [333333333.33333329, 1E30, 4.50, 2e-3,
      0.000000000000000000000000001], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]})"),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(CanonicalJson, IntegersBeyond2To53AreWhatADoubleHolds) {
  EXPECT_EQ(canonical("9007199254740993"), "9007199254740992");
  EXPECT_EQ(canonical("[-0,100,1.0]"), "[0,100,1]");
}

TEST(CanonicalJson, ItsOwnTextIsAFixedPoint) {
  const std::string once = canonical(R"({"b":[],"a":{"d":{},"c":[[1e21],"\u2028"]}})");
  EXPECT_EQ(canonical(once), once);
}

}  // namespace
}  // namespace bascule
