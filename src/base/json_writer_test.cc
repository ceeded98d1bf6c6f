#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace bascule {
namespace {

std::string canonical(double value) {
  std::string out;
  append_canonical_number(out, value);
  return out;
}

// RFC 8785, appendix B: every finite sample.
TEST(CanonicalNumber, GivesTheSamplesOfRfc8785) {
  const std::vector<std::pair<std::uint64_t, std::string>> samples{
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : samples) {
    EXPECT_EQ(canonical(std::bit_cast<double>(bits)), text);
  }
}

TEST(CanonicalNumber, PlainDigitsEndWhereEcmaScriptEndsThem) {
  EXPECT_EQ(canonical(1e-6), "0.000001");
  EXPECT_EQ(canonical(1e-7), "1e-7");
  EXPECT_EQ(canonical(1.5e-10), "1.5e-10");
  EXPECT_EQ(canonical(1e20), "100000000000000000000");
  EXPECT_EQ(canonical(1e21), "1e+21");
  EXPECT_EQ(canonical(100), "100");
  EXPECT_EQ(canonical(-0.5), "-0.5");
  EXPECT_EQ(canonical(12.25), "12.25");
}

TEST(CanonicalNumber, AnyBitsReadBackTheSame) {
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    double value = 0;
    random.fill(std::as_writable_bytes(std::span(&value, 1)));
    if (!std::isfinite(value) || value == 0) {
      continue;
    }
    const std::string text = canonical(value);
    double back = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(end.ptr, text.data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << text;
  }
}

TEST(JsonString, EscapesWhatRfc8785EscapesAndNothingElse) {
  std::string out;
  append_json_string(out, std::string_view("\0\b\t\n\x0b\f\r\x1f\"\\/\x7f\xe2\x82\xac", 15));
  EXPECT_EQ(out, "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\x7f\xe2\x82\xac\"");
}

TEST(JsonWriter, SeparatesMembersAtEveryDepth) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("a").array(
        [&] { json.integer(-1).object([&] {}).array([&] { json.null(); }).boolean(true); });
    json.key("b").object([&] { json.key("c").string("d"); });
    json.key("e").raw("[1]").key("f").boolean(false);
  });
  EXPECT_EQ(out, R"({"a":[-1,{},[null],true],"b":{"c":"d"},"e":[1],"f":false})");
}

TEST(JsonWriter, ANumberThatIsNotFiniteIsNull) {
  std::string out;
  JsonWriter json(out);
  json.array([&] {
    json.number(std::numeric_limits<double>::quiet_NaN());
    json.number(-std::numeric_limits<double>::infinity());
    json.number32(std::numeric_limits<float>::infinity());
  });
  EXPECT_EQ(out, "[null,null,null]");
}

TEST(JsonWriter, NumbersAreTheShortestThatReadBack) {
  std::string out;
  JsonWriter json(out);
  json.array([&] {
    json.number(0.1).number(5e-324).number(-0.0).number32(0.1F).integer(
        std::numeric_limits<std::int64_t>::min());
  });
  EXPECT_EQ(out, "[0.1,5e-324,-0,0.1,-9223372036854775808]");
}

}  // namespace
}  // namespace bascule
