// Numbers out of JSON are the nearest double, whatever their length: a release gate.

#include "api/json_values.inc"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

namespace bascule {
namespace {

using json::Number;

// `text` as the only member of an object.
template <typename T>
Number read_member(JsonParser& parser, std::string_view text, T& out) {
  std::string body = "{\"a\":" + std::string(text) + " }";
  const std::size_t size = body.size();
  body.append(kBodyPadding, '\0');
  json::Body reader(parser, {body.data(), size});
  auto object = reader.open();
  if (!object) {
    return Number::kBroken;
  }
  for (auto item : *object) {
    json::Field field;
    if (std::move(item).get(field)) {
      return Number::kBroken;
    }
    json::Value value = field.value();
    if constexpr (std::is_same_v<T, double>) {
      return json::read_double(value, out);
    } else {
      return json::read_int64(value, out);
    }
  }
  return Number::kBroken;
}

// A decimal of 1 to 40 digits, with or without sign, point and exponent.
std::string random_decimal(std::mt19937_64& random) {
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto digits = [&](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      out += static_cast<char>('0' + below(10));
    }
    return out;
  };
  std::string out = below(4) == 0 ? "-" : "";
  const std::string whole = below(3) == 0 ? "0" : digits(1 + below(20));
  const auto first = whole.find_first_not_of('0');
  out += first == std::string::npos ? "0" : whole.substr(first);
  if (below(4) != 0) {
    out += "." + digits(1 + below(30));
  }
  if (below(4) == 0) {
    out += below(2) == 0 ? "e" : "E";
    out += below(3) == 0 ? "-" : "";
    out += std::to_string(below(200));
  }
  return out;
}

TEST(ReadDouble, AgreesWithStrtodOnRandomDecimals) {
  JsonParser parser;
  std::mt19937_64 random(20261124);
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = random_decimal(random);
    double read = 0;
    ASSERT_EQ(read_member(parser, text, read), Number::kFine) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read),
              std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)))
        << text;
  }
}

TEST(ReadDouble, AgreesWithTheShortestTextOfRandomDoubles) {
  JsonParser parser;
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) {
      continue;
    }
    double read = 0;
    ASSERT_EQ(read_member(parser, fmt::format("{}", value), read), Number::kFine);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read), std::bit_cast<std::uint64_t>(value));
  }
}

TEST(ReadDouble, ReadsWhatSimdjsonMisreads) {
  JsonParser parser;
  double read = 0;
  EXPECT_EQ(read_member(parser, "0.30000000000000004441", read), Number::kFine);
  EXPECT_EQ(read, 0.30000000000000004441);
  EXPECT_EQ(read_member(parser, "1.00000000000000000000", read), Number::kFine);
  EXPECT_EQ(read, 1.0);
  EXPECT_EQ(read_member(parser, "-0", read), Number::kFine);
  EXPECT_TRUE(std::signbit(read));
}

TEST(ReadDouble, RefusesWhatIsBeyondADoubleAndKeepsWhatIsTiny) {
  JsonParser parser;
  double read = 1;
  EXPECT_EQ(read_member(parser, "1e400", read), Number::kTooLarge);
  EXPECT_EQ(read_member(parser, "-1e400", read), Number::kTooLarge);
  EXPECT_EQ(read_member(parser, std::string(400, '9'), read), Number::kTooLarge);
  EXPECT_EQ(read_member(parser, "1.7976931348623157e308", read), Number::kFine);
  EXPECT_EQ(read, std::numeric_limits<double>::max());
  EXPECT_EQ(read_member(parser, "1e-400", read), Number::kFine);
  EXPECT_EQ(read, 0.0);
  EXPECT_EQ(read_member(parser, "4.9406564584124654e-324", read), Number::kFine);
  EXPECT_EQ(read, std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(read_member(parser, "0.0000000000000000000000000000000000001e-300", read),
            Number::kFine);
  EXPECT_EQ(read, 0.0);
}

TEST(ReadDouble, RefusesWhatIsNotANumberOfJson) {
  JsonParser parser;
  double read = 0;
  for (const std::string_view text :
       {"01", "1.", "1.e3", "-", "1e", "1x", "0x1", "1.5.5", "--1", "01234567890123456789012345",
        "1.234567890123456789012345x"}) {
    EXPECT_EQ(read_member(parser, text, read), Number::kBroken) << text;
  }
  for (const std::string_view text :
       {"\"1\"", "true", "null", "[1]", "{}", "NaN", "Infinity", "+1", ".5"}) {
    EXPECT_NE(read_member(parser, text, read), Number::kFine) << text;
  }
}

TEST(ReadInt64, IsExactOverItsWholeRange) {
  JsonParser parser;
  std::int64_t read = 0;
  EXPECT_EQ(read_member(parser, "9007199254740993", read), Number::kFine);
  EXPECT_EQ(read, 9007199254740993);
  EXPECT_EQ(read_member(parser, "9223372036854775807", read), Number::kFine);
  EXPECT_EQ(read, INT64_MAX);
  EXPECT_EQ(read_member(parser, "-9223372036854775808", read), Number::kFine);
  EXPECT_EQ(read, INT64_MIN);
  EXPECT_EQ(read_member(parser, "9223372036854775808", read), Number::kTooLarge);
}

TEST(ReadInt64, TakesWholeFloatsAndNoOthers) {
  JsonParser parser;
  std::int64_t read = 0;
  for (const std::string_view text : {"7", "7.0", "7e0", "0.7e1", "70e-1"}) {
    EXPECT_EQ(read_member(parser, text, read), Number::kFine) << text;
    EXPECT_EQ(read, 7) << text;
  }
  EXPECT_EQ(read_member(parser, "7.5", read), Number::kNotWhole);
  // A double cannot tell it from its neighbour: written so, it may not be what was meant.
  EXPECT_EQ(read_member(parser, "9007199254740993.0", read), Number::kTooLarge);
  EXPECT_EQ(read_member(parser, "9007199254740991.0", read), Number::kFine);
  EXPECT_EQ(read, 9007199254740991);
  EXPECT_EQ(read_member(parser, "\"7\"", read), Number::kNotANumber);
  EXPECT_EQ(read_member(parser, "true", read), Number::kNotANumber);
  EXPECT_EQ(read_member(parser, "07", read), Number::kBroken);
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(json::shortened("abc"), "abc");
  EXPECT_EQ(json::shortened(std::string(63, 'a') + "\u00e9\u00e9"), std::string(63, 'a') + "...");
}

}  // namespace
}  // namespace bascule
