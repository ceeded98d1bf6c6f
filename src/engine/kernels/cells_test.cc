#include "engine/kernels/cells.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "engine/kernels/cell_kernels.h"

namespace bascule {
namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Level {
  const char* name;
  const CellKernels& kernels;
};

std::vector<Level> levels() {
  std::vector<Level> all = {{"baseline", kCellKernelsBaseline}};
#if defined(__x86_64__)
  if (cpu_has(CpuLevel::kAvx2)) {
    all.push_back({"AVX2", kCellKernelsAvx2});
  } else {
    std::cout << "skipped: this machine has no AVX2\n";
  }
  if (cpu_has(CpuLevel::kAvx512)) {
    all.push_back({"AVX-512", kCellKernelsAvx512});
  } else {
    std::cout << "skipped: this machine has no AVX-512\n";
  }
#endif
  return all;
}

// NaN is one number here: which one an addition of two gives is the processor's choice.
std::vector<std::uint64_t> bits(std::vector<double> numbers) {
  std::vector<std::uint64_t> made(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double x = std::isnan(numbers[i]) ? kNan : numbers[i];
    std::memcpy(&made[i], &x, sizeof(x));
  }
  return made;
}

std::vector<double> draw(std::size_t count, std::mt19937_64& random, bool odd) {
  constexpr double kOdd[] = {0.0, -0.0, kInf, -kInf, kNan, 5e-324, 1e308, -1e-310};
  std::normal_distribution<double> usual;
  std::vector<double> made(count);
  for (double& x : made) {
    const auto dice = random() % 200;
    x = odd && dice < 8 ? kOdd[dice] : usual(random);
  }
  return made;
}

// The kernel's steps with operands that are filled up as it asks for.
struct Steps {
  explicit Steps(std::size_t width, std::mt19937_64& random) {
    const std::size_t filled = (width + kCellLanes - 1) / kCellLanes * kCellLanes;
    for (const auto kind :
         {CellStepKind::kCheckOrMissing, CellStepKind::kFillMissing, CellStepKind::kSubtract,
          CellStepKind::kDivide, CellStepKind::kAtLeast, CellStepKind::kAtMost,
          CellStepKind::kMultiply, CellStepKind::kAdd, CellStepKind::kCheck}) {
      if (random() % 3 == 0) {
        continue;
      }
      auto& operand = operands.emplace_back(draw(width, random, false));
      operand.resize(filled, kind == CellStepKind::kDivide ? 1.0 : 0.0);
      steps.push_back({kind, operand.data(), 1e300});
    }
    weights = draw(width, random, true);
    weights.resize(filled, 0.0);
  }

  // The plain loop: the sum of a row from `sum` on, and whether a check finds something odd.
  std::pair<double, bool> of(const double* x, std::size_t width, double sum) const {
    bool odd = false;
    for (std::size_t col = 0; col < width; ++col) {
      double cell = x[col];
      for (const CellStep& step : steps) {
        odd |= changed(step, col, cell);
      }
      const double product = weights[col] * cell;
      sum += product;
    }
    return {sum, odd};
  }

  static bool changed(const CellStep& step, std::size_t col, double& cell) {
    const double by = step.operand[col];
    switch (step.kind) {
      case CellStepKind::kSubtract:
        cell -= by;
        return false;
      case CellStepKind::kAdd:
        cell += by;
        return false;
      case CellStepKind::kMultiply:
        cell *= by;
        return false;
      case CellStepKind::kDivide:
        cell /= by;
        return false;
      case CellStepKind::kFillMissing:
        cell = std::isnan(cell) ? by : cell;
        return false;
      case CellStepKind::kAtLeast:
        cell = cell < by ? by : cell;
        return false;
      case CellStepKind::kAtMost:
        cell = cell > by ? by : cell;
        return false;
      case CellStepKind::kCheck:
        return !(std::fabs(cell) <= step.limit);
      case CellStepKind::kCheckOrMissing:
        return std::fabs(cell) > step.limit;
    }
    return false;
  }

  std::vector<CellStep> steps;
  std::vector<std::vector<double>> operands;
  std::vector<double> weights;
};

TEST(Cells, SumRowsWithTheBitsOfThePlainLoopAtEveryLevel) {
  std::mt19937_64 random(9);
  int odd_calls = 0;
  int calls = 0;
  for (const Level& level : levels()) {
    for (int round = 0; round < 20; ++round) {
      for (const std::size_t width : {1U, 3U, 4U, 5U, 8U, 13U, 16U, 23U, 32U, 50U, 67U}) {
        for (const std::size_t rows : {1U, 2U, 4U, 7U, 32U}) {
          const Steps steps(width, random);
          const auto x = draw(rows * width, random, random() % 2 == 0);
          std::vector<double> expected;
          const double before = round % 3;
          bool odd = false;
          for (std::size_t row = 0; row < rows; ++row) {
            const auto [sum, found] = steps.of(x.data() + row * width, width, before);
            expected.push_back(sum);
            odd |= found;
          }
          std::vector<double> y(rows, before);
          EXPECT_EQ(level.kernels.sums(steps.steps.data(), steps.steps.size(), rows, x.data(),
                                       width, steps.weights.data(), y.data()),
                    odd);
          EXPECT_EQ(bits(y), bits(expected)) << level.name << ' ' << width << ' ' << rows;
          ++calls;
          odd_calls += odd ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(odd_calls, calls / 10);
  EXPECT_LT(odd_calls, calls * 9 / 10);
}
}  // namespace
}  // namespace bascule
