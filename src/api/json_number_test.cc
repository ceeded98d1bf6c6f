// A release gate, as json_values_test.cc is: the nearest double, bit for bit.

#include "api/json_number.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

namespace bascule::json {
namespace {

// What it reads, and how much of the text.
std::pair<double, std::ptrdiff_t> read(std::string text) {
  const std::size_t size = text.size();
  text.append(16, '\0');
  double out = 0;
  const char* after = read_number(text.data(), text.data() + size, out);
  return {out, after == nullptr ? -1 : after - text.data()};
}

void expect_nearest(const std::string& text) {
  const auto [value, used] = read(text);
  ASSERT_EQ(used, static_cast<std::ptrdiff_t>(text.size())) << text;
  ASSERT_EQ(std::bit_cast<std::uint64_t>(value),
            std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)))
      << text;
}

TEST(ReadNumber, AgreesWithStrtodOnRandomDecimals) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 1'000'000; ++i) {
    std::string digits = std::to_string(random() >> random() % 64);
    const std::size_t point = random() % (digits.size() + 1);
    if (point < digits.size()) {
      digits.insert(point, point == 0 ? "0." : ".");
    }
    const std::size_t zeros = digits.find_first_not_of('0');
    if (zeros != std::string::npos && zeros > 0 && digits[zeros] != '.') {
      continue;  // 007
    }
    std::string text = (random() % 2 == 0 ? "-" : "") + digits;
    if (random() % 4 == 0) {
      text += fmt::format("e{}", static_cast<int>(random() % 61) - 30);
    }
    if (text.find("00") == std::string::npos || std::strtod(text.c_str(), nullptr) != 0) {
      expect_nearest(text);
    }
  }
}

TEST(ReadNumber, ReadsTheShortestTextOfAnyDoubleBack) {
  std::mt19937_64 random(12);
  for (int i = 0; i < 300'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (std::isnormal(value)) {
      expect_nearest(fmt::format("{}", value));
      expect_nearest(fmt::format("{:.17f}", std::fmod(value, 1000.0)));
    }
  }
}

// Halfway between two doubles, and one unit to both sides of it.
TEST(ReadNumber, RoundsTiesToEven) {
  std::mt19937_64 random(13);
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t odd = (std::uint64_t{1} << 53 | random() >> 11) << 1 | 1;
    const int bits = static_cast<int>(random() % 9);  // an odd number of 2^-bits
    std::string text = fmt::format("{}", odd);
    for (int bit = 0; bit < bits && text.size() < 19; ++bit) {
      // Halves a decimal: five times it, with the point one place further to the left.
      const auto at = text.find('.');
      const std::size_t places = at == std::string::npos ? 0 : text.size() - at - 1;
      std::string all = text;
      if (at != std::string::npos) {
        all.erase(at, 1);
      }
      if (all.size() > 18) {
        break;
      }
      all = std::to_string(std::stoull(all) * 5);
      text = all.insert(all.size() - places - 1, ".");
    }
    expect_nearest(text);
    text.back() = text.back() == '9' ? '8' : static_cast<char>(text.back() + 1);
    expect_nearest(text);
  }
}

TEST(ReadNumber, RefusesWhatIsNoNumberOfJson) {
  for (const char* text : {"", "-", "01", "-00", "00.5", ".5", "1.", "1.e3", "1e", "1e+", "+1", "x",
                           "NaN", "Infinity", "1e400", "-1e400", "e5"}) {
    EXPECT_EQ(read(text).second, -1) << text;
  }
}

TEST(ReadNumber, StopsBehindTheNumberAndBeforeTheEnd) {
  EXPECT_EQ(read("12,3").second, 2);
  EXPECT_EQ(read("1.5.5").second, 3);
  EXPECT_EQ(read("18446744073709551616").first, 18446744073709551616.0);
  EXPECT_TRUE(std::signbit(read("-0").first));
  const std::string text = "1234567890123456";
  double out = 0;
  EXPECT_EQ(read_number(text.data(), text.data() + 4, out), nullptr);
}

TEST(ReadWhole, TakesUpTo18DigitsAndNoPoint) {
  std::int64_t out = 0;
  const auto used = [&](std::string text) {
    text.append(16, '\0');
    const char* after = read_whole(text.data(), text.data() + text.size() - 16, out);
    return after == nullptr ? -1 : after - text.data();
  };
  EXPECT_EQ(used("-123456789012345678,"), 19);
  EXPECT_EQ(out, -123456789012345678);
  for (const char* text : {"1234567890123456789", "1.0", "1e3", "1E3", "", "-", "01"}) {
    EXPECT_EQ(used(text), -1) << text;
  }
}

}  // namespace
}  // namespace bascule::json
