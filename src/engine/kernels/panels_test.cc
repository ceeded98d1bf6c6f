#include "engine/kernels/panels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <limits>
#include <random>

namespace bascule {
namespace {
using testing::ElementsAre;

// NaN is one number here: which one an addition of two gives is the processor's choice.
std::vector<std::uint64_t> bits(const std::vector<double>& numbers) {
  std::vector<std::uint64_t> made(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double x = std::isnan(numbers[i]) ? std::numeric_limits<double>::quiet_NaN() : numbers[i];
    std::memcpy(&made[i], &x, sizeof(x));
  }
  return made;
}

std::vector<double> hostile(std::size_t count, std::mt19937_64& random) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kOdd[] = {0.0,    -0.0,   1.0,   kInf,   -kInf,  kNan,
                             5e-324, 1e-310, 1e308, -1e308, 1e-160, 3.0};
  std::normal_distribution<double> usual;
  std::uniform_int_distribution<int> pick(0, 300);
  std::vector<double> made(count);
  for (double& x : made) {
    const int odd = pick(random);
    x = odd < 12 ? kOdd[odd] : usual(random);
  }
  return made;
}

template <typename Term>
std::vector<double> plain(const std::vector<double>& x, const std::vector<double>& p,
                          std::size_t width, Term term) {
  std::vector<double> sums;
  for (std::size_t row = 0; row < x.size(); row += width) {
    for (std::size_t point = 0; point < p.size(); point += width) {
      double sum = 0;
      for (std::size_t col = 0; col < width; ++col) {
        sum = term(sum, x[row + col], p[point + col]);
      }
      sums.push_back(sum);
    }
  }
  return sums;
}

void expect_plain_bits(CpuLevel level, std::size_t rows, std::size_t width, std::size_t count,
                       std::mt19937_64& random) {
  const auto x = hostile(rows * width, random);
  const auto p = hostile(count * width, random);
  const Panels panels(p, width, level);
  std::vector<double> y(rows * count, 7);
  panels.products(rows, x.data(), 0, count, y.data());
  EXPECT_EQ(bits(y), bits(plain(x, p, width, [](double sum, double a, double b) {
              const double product = a * b;
              return sum + product;
            })));
  panels.fused(rows, x.data(), 0, count, y.data());
  EXPECT_EQ(
      bits(y),
      bits(plain(x, p, width, [](double sum, double a, double b) { return std::fma(a, b, sum); })));
  panels.squares(rows, x.data(), 0, count, y.data());
  EXPECT_EQ(bits(y), bits(plain(x, p, width, [](double sum, double a, double b) {
              const double square = (a - b) * (a - b);
              return sum + square;
            })));
  panels.gaps(rows, x.data(), 0, count, y.data());
  EXPECT_EQ(bits(y), bits(plain(x, p, width, [](double sum, double a, double b) {
              return sum + std::fabs(a - b);
            })));
}

TEST(Panels, GiveTheBitsOfThePlainLoopAtEveryLevel) {
  std::mt19937_64 random(7);
  for (const CpuLevel level : kCpuLevels) {
    if (!cpu_has(level)) {
      std::cout << "skipped: this machine has no " << cpu_level_name(level) << '\n';
      continue;
    }
    for (const std::size_t rows : {1U, 2U, 7U, 8U, 13U}) {
      for (const std::size_t count : {1U, 7U, 8U, 9U, 33U, 64U, 71U}) {
        for (const std::size_t width : {1U, 2U, 19U}) {
          expect_plain_bits(level, rows, width, count, random);
        }
      }
    }
  }
}

constexpr CellStepKind kChanges[] = {CellStepKind::kSubtract,    CellStepKind::kAdd,
                                     CellStepKind::kMultiply,    CellStepKind::kDivide,
                                     CellStepKind::kFillMissing, CellStepKind::kAtLeast,
                                     CellStepKind::kAtMost};

double changed(CellStepKind kind, double x, double by) {
  switch (kind) {
    case CellStepKind::kSubtract:
      return x - by;
    case CellStepKind::kAdd:
      return x + by;
    case CellStepKind::kMultiply:
      return x * by;
    case CellStepKind::kDivide:
      return x / by;
    case CellStepKind::kFillMissing:
      return std::isnan(x) ? by : x;
    case CellStepKind::kAtLeast:
      return x < by ? by : x;
    case CellStepKind::kAtMost:
      return x > by ? by : x;
    case CellStepKind::kCheck:
    case CellStepKind::kCheckOrMissing:
      break;
  }
  return x;
}

TEST(Panels, ChangeSumsBeforeTheyAreWritten) {
  std::mt19937_64 random(8);
  for (const CpuLevel level : kCpuLevels) {
    if (!cpu_has(level)) {
      std::cout << "skipped: this machine has no " << cpu_level_name(level) << '\n';
      continue;
    }
    for (const std::size_t rows : {1U, 3U, 9U}) {
      for (const std::size_t count : {4U, 8U, 30U, 57U}) {
        const auto x = hostile(rows * 3, random);
        const auto p = hostile(count * 3, random);
        std::vector<std::vector<double>> operands;
        std::vector<CellStep> steps;
        std::vector<double> expected = plain(x, p, 3, [](double sum, double a, double b) {
          const double product = a * b;
          return sum + product;
        });
        for (const CellStepKind kind : kChanges) {
          const auto& by =
              operands.emplace_back(hostile((count + kPanel - 1) / kPanel * kPanel, random));
          steps.push_back({kind, by.data(), 0});
          for (std::size_t i = 0; i < expected.size(); ++i) {
            expected[i] = changed(kind, expected[i], by[i % count]);
          }
        }
        std::vector<double> y(rows * count, 7);
        const PanelEnd end = {steps.data(), steps.size()};
        Panels(p, 3, level).products(rows, x.data(), 0, count, y.data(), end);
        EXPECT_EQ(bits(y), bits(expected)) << cpu_level_name(level) << ' ' << rows << ' ' << count;
      }
    }
  }
}

TEST(Panels, StartAtAPanelInTheMiddle) {
  std::vector<double> p(20);
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = static_cast<double>(i);
  }
  const Panels panels(p, 1);
  const double x = 1;
  std::vector<double> y(2);
  panels.products(1, &x, 16, 2, y.data());
  EXPECT_THAT(y, ElementsAre(16, 17));
}
}  // namespace
}  // namespace bascule
