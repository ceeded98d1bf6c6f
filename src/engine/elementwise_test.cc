#include "engine/elementwise.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <iostream>
#include <limits>
#include <random>

#include "engine/kernels/cell_kernels.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kLimit = 0x1.fffffefffffffp127;  // the last that rounds to a finite float32
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kOdd = {0.0,    -0.0,  kInf,   -kInf,  kNan,    5e-324,
                             1e-310, 1e308, -1e308, kLimit, -kLimit, 0x1.ffffffp127};

double hostile(std::mt19937_64& random) {
  const auto odd = std::uniform_int_distribution<std::size_t>(0, 15 * kOdd.size())(random);
  return odd < kOdd.size() ? kOdd[odd] : std::normal_distribution<double>()(random);
}

// NaN is one number here.
std::uint64_t bits(double x) {
  return std::bit_cast<std::uint64_t>(std::isnan(x) ? std::nan("") : x);
}

double plain(Elementwise what, double x, double by) {
  switch (what) {
    case Elementwise::kSubtract:
      return x - by;
    case Elementwise::kAdd:
      return x + by;
    case Elementwise::kMultiply:
      return x * by;
    case Elementwise::kDivide:
      return x / by;
    case Elementwise::kFillMissing:
      return std::isnan(x) ? by : x;
    case Elementwise::kAtLeast:
      return x < by ? by : x;
    case Elementwise::kAtMost:
      return x > by ? by : x;
    case Elementwise::kCheck:
      return x;
  }
  return x;
}

struct Chain {
  std::size_t width;
  std::vector<std::vector<double>> operands;
  std::vector<ElementwiseStep> steps;
};

Chain random_chain(std::mt19937_64& random) {
  Chain chain{std::uniform_int_distribution<std::size_t>(1, 11)(random), {}, {}};
  const auto count = std::uniform_int_distribution<std::size_t>(1, 6)(random);
  std::uniform_int_distribution<int> kind(0, static_cast<int>(Elementwise::kCheck));
  std::bernoulli_distribution coin;
  chain.operands.resize(count);
  for (auto& operand : chain.operands) {
    const auto what = static_cast<Elementwise>(kind(random));
    if (what == Elementwise::kCheck) {
      FiniteCheck check{coin(random), coin(random), {}};
      for (std::size_t col = 0; coin(random) || col < chain.width; ++col) {
        check.columns.push_back(static_cast<std::int32_t>(2 * col));
      }
      chain.steps.push_back({what, {}, std::make_shared<const FiniteCheck>(std::move(check))});
      continue;
    }
    for (std::size_t col = 0; col < chain.width; ++col) {
      operand.push_back(hostile(random));
    }
    chain.steps.push_back({what, operand});
  }
  return chain;
}

// One operator after the other, cell by cell.
void run_plain(const Chain& chain, std::size_t rows, std::vector<double>& cells,
               RowErrors& refused) {
  for (const auto& step : chain.steps) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < chain.width; ++col) {
        double& x = cells[row * chain.width + col];
        if (step.what == Elementwise::kCheck) {
          step.check->check(x, row, col, refused);
        } else {
          x = plain(step.what, x, step.operand[col]);
        }
      }
    }
  }
}

TEST(Elementwise, AFusedChainGivesTheBitsAndTheRefusalsOfItsOperators) {
  std::mt19937_64 random(11);
  for (int trial = 0; trial < 500; ++trial) {
    const Chain chain = random_chain(random);
    const std::size_t rows = std::uniform_int_distribution<std::size_t>(1, 9)(random);
    std::vector<double> x(rows * chain.width);
    for (double& cell : x) {
      cell = hostile(random);
    }
    std::vector<double> expected = x;
    RowErrors expected_refused;
    expected_refused.reset(rows);
    run_plain(chain, rows, expected, expected_refused);

    std::vector<double> y(x.size(), 7);
    RowErrors refused;
    refused.reset(rows);
    Scratch scratch;
    const ValueType type{ValueKind::kF64, chain.width};
    const View in(type, x.data());
    MutableView out(type, y.data(), nullptr, nullptr);
    elementwise_op(chain.steps)->run(rows, {&in, 1}, {&out, 1}, refused, scratch);
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_EQ(bits(y[i]), bits(expected[i])) << "trial " << trial << ", cell " << i;
    }
    for (std::size_t row = 0; row < rows; ++row) {
      ASSERT_EQ(refused[row].code, expected_refused[row].code) << "trial " << trial;
      ASSERT_EQ(refused[row].column, expected_refused[row].column) << "trial " << trial;
    }
  }
}

TEST(Elementwise, EveryLevelGivesTheSameBits) {
  std::mt19937_64 random(12);
  const CellKernels& baseline = cell_kernels(CpuLevel::kBaseline);
  for (const CpuLevel level : kCpuLevels) {
    if (!cpu_has(level)) {
      std::cout << "skipped: this machine has no " << cpu_level_name(level) << '\n';
      continue;
    }
    for (int trial = 0; trial < 500; ++trial) {
      const std::size_t width = std::uniform_int_distribution<std::size_t>(1, 21)(random);
      std::array<std::vector<double>, 4> cells;
      for (auto& some : cells) {
        some.resize(width);
        for (double& cell : some) {
          cell = hostile(random);
        }
      }
      const auto kind = static_cast<CellStepKind>(trial % 9);
      const CellStep step{kind, cells[1].data(), trial % 2 == 0 ? kLimit : 1.5};
      const bool odd = baseline.chain(&step, 1, width, cells[0].data(), cells[2].data());
      EXPECT_EQ(cell_kernels(level).chain(&step, 1, width, cells[0].data(), cells[3].data()), odd);
      for (std::size_t col = 0; col < width; ++col) {
        ASSERT_EQ(bits(cells[2][col]), bits(cells[3][col]));
      }
      EXPECT_EQ(cell_kernels(level).any_nan(cells[0].data(), width),
                baseline.any_nan(cells[0].data(), width));
    }
  }
}
}  // namespace
}  // namespace bascule
