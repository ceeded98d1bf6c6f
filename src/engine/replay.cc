// self_test: golden rows through the engine, compared with what Python gave.
#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "engine/golden.h"
#include "engine/plan.h"

namespace bascule {
namespace {
// Where a difference stands, for its sentence.
struct Cell {
  std::size_t row;
  std::size_t column;
};

Status differs(const Output& output, Cell cell, const std::string& engine,
               const std::string& python) {
  return fail(Code::kInvalid,
              "golden row {}: output '{}' column {} is {}, but Python gave {}; pack the model "
              "again, or report the difference",
              cell.row, output.name, cell.column, engine, python);
}

bool within(double engine, double python, double bound) noexcept {
  if (std::isnan(engine) || std::isnan(python)) {
    return std::isnan(engine) && std::isnan(python);
  }
  return engine == python || std::abs(engine - python) <= bound;
}

Status compare_numbers(const Output& output, const GoldenRows::Expected& expected, const View& view,
                       std::size_t row, std::size_t row_in_block, bool here) {
  const auto bounds = here ? expected.bound_here : expected.bound_anywhere;
  for (std::size_t col = 0; col < output.width; ++col) {
    const std::size_t cell = row * output.width + col;
    const double python = expected.numbers[cell];
    const double engine = view.f64()[row_in_block * output.width + col];
    const double bound = bounds.empty() ? 0 : bounds[cell];
    if (within(engine, python, bound)) {
      continue;
    }
    return differs(output, {row, col}, fmt::format("{}", engine),
                   fmt::format("{} (within {})", python, bound));
  }
  return {};
}

Status compare_integers(const Output& output, const GoldenRows::Expected& expected,
                        const View& view, std::size_t row, std::size_t row_in_block) {
  if (!expected.tie.empty() && expected.tie[row] != 0) {
    return {};
  }
  for (std::size_t col = 0; col < output.width; ++col) {
    const std::int64_t python = expected.integers[row * output.width + col];
    const std::int64_t engine = view.i64()[row_in_block * output.width + col];
    if (engine == python) {
      continue;
    }
    return differs(output, {row, col}, fmt::format("{}", engine), fmt::format("{}", python));
  }
  return {};
}

Status compare_row(const Plan& plan, const GoldenRows& golden, std::span<const View> outputs,
                   std::size_t row, std::size_t row_in_block, bool here) {
  for (std::size_t j = 0; j < outputs.size(); ++j) {
    const auto& output = plan.manifest().outputs[j];
    const auto& expected = golden.expected(j);
    if (output.type == OutputType::kNumber) {
      BASCULE_CHECK_OK(compare_numbers(output, expected, outputs[j], row, row_in_block, here));
    } else {
      BASCULE_CHECK_OK(compare_integers(output, expected, outputs[j], row, row_in_block));
    }
  }
  return {};
}
}  // namespace

Status self_test(const Plan& plan, bool here) {
  BASCULE_TRY(auto golden, GoldenRows::load(plan));
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  const auto everything = ~OutputMask{0};
  for (std::size_t first = 0; first < golden.rows(); first += limits::kBlockRows) {
    const std::size_t rows = std::min(limits::kBlockRows, golden.rows() - first);
    const auto outputs = plan.run(rows, golden.block(first), everything, refused, scratch);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t row = first + i;
      if (refused.refused(i) != golden.refused(row)) {
        return fail(Code::kInvalid, "golden row {}: Python {} it, but the engine {}; pack it again",
                    row, golden.refused(row) ? "refuses" : "scores",
                    refused.refused(i) ? "refuses it: " + plan.describe(refused[i]) : "scores it");
      }
      if (refused.refused(i)) {
        continue;
      }
      BASCULE_CHECK_OK(compare_row(plan, golden, outputs, row, i, here));
    }
  }
  return {};
}

}  // namespace bascule
