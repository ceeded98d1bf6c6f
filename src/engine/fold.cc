#include "engine/fold.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::int64_t kMostCodes = 1 << 16;
constexpr std::size_t kMostCells = std::size_t{1} << 20;

// A block of one column with its memory.
struct Column {
  explicit Column(ValueType of) : type(of), cells(limits::kBlockRows), valid(limits::kBlockRows) {}

  MutableView out() noexcept { return {type, cells.data(), valid.data(), nullptr}; }
  View in() const noexcept { return {type, cells.data(), valid.data()}; }

  ValueType type;
  std::vector<std::int64_t> cells;  // as wide as doubles
  std::vector<std::uint8_t> valid;
};
static_assert(sizeof(double) == sizeof(std::int64_t));

// The position in `table` of each of `count` codes, of -1, and of a missing one, behind the chain;
// none when a row is refused.
std::optional<std::vector<std::size_t>> positions(const CodeTable& table,
                                                  std::span<const Op* const> chain,
                                                  std::vector<Column>& values, std::size_t count) {
  std::vector<std::size_t> found(count + 2);
  Scratch scratch;
  RowErrors refused;
  for (std::size_t first = 0; first < found.size(); first += limits::kBlockRows) {
    const std::size_t rows = std::min(limits::kBlockRows, found.size() - first);
    refused.reset(rows);
    for (Column& value : values) {
      std::ranges::fill(value.valid, 1);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t code = first + row;
      values.front().cells[row] = code < count ? static_cast<std::int64_t>(code) : -1;
      values.front().valid[row] = code <= count ? 1 : 0;
    }
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const View in = values[i].in();
      MutableView out = values[i + 1].out();
      chain[i]->run(rows, {&in, 1}, {&out, 1}, refused, scratch);
    }
    if (refused.any()) {
      return std::nullopt;
    }
    for (std::size_t row = 0; row < rows; ++row) {
      found[first + row] = table.position(values.back().in(), row);
    }
  }
  return found;
}
}  // namespace

bool are_few_codes(const ValueType& type) noexcept {
  return type.kind == ValueKind::kI64 && type.width == 1 && type.low >= -1 &&
         type.high < kMostCodes;
}

std::shared_ptr<const CodeTable> folded(const CodeTable& table, std::span<const Op* const> chain,
                                        std::span<const ValueType> types) {
  const auto count = static_cast<std::size_t>(types.front().high + 1);
  std::vector<Column> values(types.begin(), types.end());
  const auto found = positions(table, chain, values, count);
  if (!found || (*found)[count] != (*found)[count + 1] || (count + 1) * table.width > kMostCells) {
    return nullptr;
  }
  auto made = std::make_shared<CodeTable>();
  made->count = count;
  made->width = table.width;
  if (table.is_hot()) {
    for (std::size_t code = 0; code < count; ++code) {
      made->hot.push_back(table.column((*found)[code]));
    }
    made->other_hot = table.column((*found)[count]);
    return made;
  }
  for (std::size_t code = 0; code <= count; ++code) {
    const auto cells = table.cells((*found)[code]);
    made->own.insert(made->own.end(), cells.begin(), cells.end());
  }
  made->values = std::span(made->own).first(count * made->width);
  made->otherwise = std::span(made->own).last(made->width);
  return made;
}

}  // namespace bascule
