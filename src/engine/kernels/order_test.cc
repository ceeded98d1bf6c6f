#include "engine/kernels/order.h"

#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "engine/kernels/order_kernels.h"

namespace bascule {
namespace {
TEST(Order, GivesDistinctColumnsAscendingWithTheirCountsAtEveryLevel) {
  std::mt19937 random(3);
  for (const CpuLevel level : kCpuLevels) {
    if (!cpu_has(level)) {
      std::cout << "skipped: this machine has no " << cpu_level_name(level) << '\n';
      continue;
    }
    for (std::size_t count = 0; count <= kOrderMost; ++count) {
      for (const std::int32_t below : {1, 7, 100, 1 << 30}) {
        std::vector<std::int32_t> columns(count);
        std::map<std::int32_t, std::uint32_t> expected;
        for (auto& column : columns) {
          column = static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(below));
          ++expected[column];
        }
        std::array<std::uint32_t, kOrderMost> counts{};
        const std::size_t found =
            order_kernels(level).distinct(columns.data(), count, counts.data());
        std::map<std::int32_t, std::uint32_t> answer;
        for (std::size_t i = 0; i < found; ++i) {
          answer.emplace(columns[i], counts[i]);
          EXPECT_TRUE(i == 0 || columns[i - 1] < columns[i]);
        }
        EXPECT_EQ(answer, expected) << cpu_level_name(level) << ' ' << count << ' ' << below;
      }
    }
  }
}
}  // namespace
}  // namespace bascule
