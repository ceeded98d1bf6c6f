// Fuzzes what a package can reach: the reader, the planner, every operator's `load`, then scoring.
//
// Each input is made to prove itself again (digest and fingerprint), so that mutations get past the
// checks that would refuse nearly all of them. A package that loads scores rows of extreme values,
// together and one by one: nothing may crash, and the bits must be the same.

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "package/container.h"
#include "package/package.h"
#include "package/writer.h"
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#include "package_mutator.h"
#endif

namespace bascule {
namespace {

constexpr std::size_t kRows = 4;

constexpr double kNumbers[] = {0.0,
                               -0.0,
                               1.0,
                               -1.5,
                               std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::max(),
                               std::numeric_limits<double>::denorm_min(),
                               1e300,
                               16777217.0};
constexpr std::int64_t kIntegers[] = {0,
                                      1,
                                      -1,
                                      2,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min()};
constexpr std::string_view kTexts[] = {"",
                                       "a",
                                       "Rome",
                                       "The quick BROWN fox, the fox.",
                                       ("\xc4\xb0\xce\xa3\xf0\x9f\x98\x80 stra\xc3\x9f"
                                        "e"),
                                       "\xff\xfe z"};

// One input column of extreme values; `seed` turns the lists.
class Column {
 public:
  Column(ValueType type, std::size_t seed) : type_(type) {
    const std::size_t cells = kRows * type.width;
    const auto pick = [&](const auto& list, std::size_t i) {
      return list[(i * 7 + seed) % std::size(list)];
    };
    switch (type.kind) {
      case ValueKind::kF64:
        for (std::size_t i = 0; i < cells; ++i) {
          f64_.push_back(pick(kNumbers, i));
        }
        break;
      case ValueKind::kF32:
        for (std::size_t i = 0; i < cells; ++i) {
          f32_.push_back(float(i % 3) - float(seed % 5));
        }
        break;
      case ValueKind::kI64:
        for (std::size_t i = 0; i < cells; ++i) {
          i64_.push_back(pick(kIntegers, i));
        }
        break;
      case ValueKind::kBool:
        for (std::size_t i = 0; i < cells; ++i) {
          boolean_.push_back((i + seed) % 2);
        }
        break;
      case ValueKind::kStrings:
        for (std::size_t i = 0; i < kRows; ++i) {
          texts_.push_back(pick(kTexts, i));
        }
        break;
      case ValueKind::kTokens:
        make_ragged(seed);
        for (std::size_t i = 0; i < starts_.back(); ++i) {
          texts_.push_back(pick(kTexts, i));
        }
        break;
      case ValueKind::kCsr:
        make_ragged(seed);
        for (std::size_t i = 0; i < starts_.back(); ++i) {
          f64_.push_back(pick(kNumbers, i));
        }
        break;
    }
    if (type.kind == ValueKind::kI64 || type.kind == ValueKind::kBool ||
        type.kind == ValueKind::kStrings) {
      for (std::size_t i = 0; i < cells; ++i) {
        valid_.push_back((i + seed) % 4 != 0);
      }
    }
  }

  // Rows from `first` on.
  View from(std::size_t first) const {
    const std::size_t cell = first * type_.width;
    const auto* valid = valid_.empty() ? nullptr : valid_.data() + cell;
    switch (type_.kind) {
      case ValueKind::kF64:
        return View(type_, f64_.data() + cell);
      case ValueKind::kF32:
        return View(type_, f32_.data() + cell);
      case ValueKind::kI64:
        return View(type_, i64_.data() + cell, valid);
      case ValueKind::kBool:
        return View(type_, boolean_.data() + cell, valid);
      case ValueKind::kStrings:
        return View(type_, texts_.data() + first, valid);
      case ValueKind::kTokens:
        return View(type_, texts_.data(), starts_.data() + first, nullptr);
      case ValueKind::kCsr:
        return View(type_, f64_.data(), starts_.data() + first, columns_.data());
    }
    std::abort();
  }

 private:
  // Rows of 0, 1 and 2 cells; the columns are the first and the last of the width.
  void make_ragged(std::size_t seed) {
    starts_.push_back(0);
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t cells = std::min<std::size_t>((row + seed) % 3, type_.width);
      for (std::size_t i = 0; i < cells; ++i) {
        columns_.push_back(static_cast<std::uint32_t>(i == 0 ? 0 : type_.width - 1));
      }
      starts_.push_back(static_cast<std::uint32_t>(columns_.size()));
    }
  }

  ValueType type_;
  std::vector<double> f64_;
  std::vector<float> f32_;
  std::vector<std::int64_t> i64_;
  std::vector<std::uint8_t> boolean_;
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> columns_;
  std::vector<std::uint8_t> valid_;
};

// What a row was answered: the bits of every output, or why it was refused.
using Answer = std::vector<std::uint64_t>;

Answer answer_of(const Plan& plan, std::span<const View> outputs, const RowErrors& refused,
                 std::size_t row) {
  if (refused.refused(row)) {
    if (plan.describe(refused[row]).empty()) {
      std::abort();
    }
    return {static_cast<std::uint64_t>(refused[row].code),
            static_cast<std::uint64_t>(refused[row].column)};
  }
  Answer answer;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& output = plan.manifest().outputs[i];
    for (std::size_t j = 0; j < output.width; ++j) {
      const std::size_t cell = row * output.width + j;
      if (output.type != OutputType::kNumber) {
        answer.push_back(static_cast<std::uint64_t>(outputs[i].i64()[cell]));
        continue;
      }
      const double value = outputs[i].f64()[cell];
      // Which NaN it is depends on the order of the operands in a register, which no score shows.
      answer.push_back(value != value ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value));
    }
  }
  return answer;
}

std::vector<Answer> score(const Plan& plan, const std::vector<Column>& columns, std::size_t first,
                          std::size_t rows, Scratch& scratch) {
  std::vector<View> views;
  for (const auto& column : columns) {
    views.push_back(column.from(first));
  }
  RowErrors refused;
  const auto outputs = plan.run(rows, views, ~OutputMask{0}, refused, scratch);
  std::vector<Answer> answers;
  for (std::size_t row = 0; row < rows; ++row) {
    answers.push_back(answer_of(plan, outputs, refused, row));
  }
  return answers;
}

void score_extremes(const Plan& plan) {
  std::vector<Column> columns;
  for (const auto type : plan.input_types()) {
    columns.emplace_back(type, columns.size());
  }
  Scratch scratch = plan.make_scratch();
  const auto together = score(plan, columns, 0, kRows, scratch);
  for (std::size_t row = 0; row < kRows; ++row) {
    if (score(plan, columns, row, 1, scratch).front() == together[row]) {
      continue;
    }
    std::fprintf(stderr, "row %zu alone differs from the row in a block\n", row);
    std::abort();
  }
}

bool has_manifest(std::span<const std::byte> file) {
  const auto container = read_container(file);
  return container && parse_json(container->manifest_text, limits::kPackageJsonDepth);
}

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> file(bytes, bytes + size);
  bascule::rehash(file);
  const auto package = bascule::Package::open(file);
  if (!package) {
    // Kept to mutate further only when the mutator can take it apart.
    return bascule::has_manifest(file) ? 0 : -1;
  }
  const auto plan = bascule::Plan::load(*package);
  if (!plan) {
    return 0;
  }
  bascule::score_extremes(**plan);
  // Golden rows may say anything; they must only not crash.
  static_cast<void>(bascule::self_test(**plan, true).has_value());
  return 0;
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  return bascule::mutate_package(std::span(data, max_size), size, seed);
}
#endif
