#include "serving/columns.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/sha256.h"

namespace bascule {
namespace {

constexpr std::size_t kStateBytes = 2;  // of a cell, and whether a view has it

std::size_t cell_bytes(ColumnType type) noexcept {
  switch (type.kind) {
    case ColumnKind::kNumber:
    case ColumnKind::kInteger:
    case ColumnKind::kDatetime:
      return sizeof(double);
    case ColumnKind::kNumber32:
      return sizeof(float);
    case ColumnKind::kBoolean:
      return 1;
    case ColumnKind::kString:
      return sizeof(std::string_view);
    case ColumnKind::kMatrix:
      return type.width * sizeof(double);
    case ColumnKind::kSparse:
    case ColumnKind::kTokens:
    case ColumnKind::kDict:
      break;
  }
  return 0;
}

ValueType value_type(ColumnType type) noexcept {
  switch (type.kind) {
    case ColumnKind::kNumber:
    case ColumnKind::kMatrix:
      return {ValueKind::kF64, type.width};
    case ColumnKind::kNumber32:
      return {ValueKind::kF32, 1};
    case ColumnKind::kInteger:
    case ColumnKind::kDatetime:
      return {ValueKind::kI64, 1};
    case ColumnKind::kBoolean:
      return {ValueKind::kBool, 1};
    case ColumnKind::kTokens:
      return {ValueKind::kTokens, 1};
    case ColumnKind::kString:
    case ColumnKind::kSparse:
    case ColumnKind::kDict:
      break;
  }
  return {ValueKind::kStrings, 1};
}

// Columns start at whole cache lines, and of the few rows that most requests have at whole words:
// the shadow keeps many of those.
std::size_t aligned(std::size_t bytes) noexcept {
  const std::size_t unit = bytes < 64 ? 8 : 64;
  return (bytes + unit - 1) & ~(unit - 1);
}

// Levenshtein distance, one row of the table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

void fill_missing(ColumnType type, std::byte* cells, std::size_t rows) noexcept {
  if (type.kind == ColumnKind::kNumber || type.kind == ColumnKind::kMatrix) {
    std::fill_n(reinterpret_cast<double*>(cells), rows * type.width,
                std::numeric_limits<double>::quiet_NaN());
  } else if (type.kind == ColumnKind::kNumber32) {
    std::fill_n(reinterpret_cast<float*>(cells), rows, std::numeric_limits<float>::quiet_NaN());
  } else if (type.kind == ColumnKind::kString) {
    std::fill_n(reinterpret_cast<std::string_view*>(cells), rows, std::string_view());
  } else if (type.kind == ColumnKind::kBoolean) {
    std::memset(cells, 0, rows);
  } else if (type.kind == ColumnKind::kInteger || type.kind == ColumnKind::kDatetime) {
    std::memset(cells, 0, rows * sizeof(std::int64_t));
  }
}

CellLayout Columns::layout(std::size_t rows) const {
  CellLayout out;
  out.places.reserve(columns_.size());
  for (const Column& column : columns_) {
    out.places.push_back({.start = out.bytes, .cell_bytes = column.cell_bytes});
    out.bytes += aligned(column.cell_bytes * rows);
  }
  return out;
}

Result<Columns> Columns::unite(std::span<const Manifest* const> versions) {
  std::vector<Column> columns;
  std::unordered_map<std::string_view, std::size_t> seen;
  for (const Manifest* manifest : versions) {
    for (const InputColumn& input : manifest->inputs) {
      if (input.type.kind == ColumnKind::kSparse || input.type.kind == ColumnKind::kDict) {
        return fail(Code::kUnsupported,
                    "column '{}' is {}, which the rows of this version of the service cannot "
                    "carry; export the model with other columns",
                    input.name, column_type_name(input.type));
      }
      const auto [place, added] = seen.emplace(input.name, columns.size());
      if (added) {
        columns.push_back({.name = input.name,
                           .type = input.type,
                           .nullable = input.nullable,
                           .view = value_type(input.type),
                           .cell_bytes = cell_bytes(input.type)});
        continue;
      }
      Column& known = columns[place->second];
      if (known.type != input.type) {
        return fail(Code::kConflict,
                    "column '{}' is {} for one live version and {} for another; callers can send "
                    "only one of them: export the candidate again with the type of production",
                    input.name, column_type_name(known.type), column_type_name(input.type));
      }
      known.nullable = known.nullable || input.nullable;
    }
  }
  Columns out;
  out.columns_ = std::move(columns);
  out.by_name_.resize(out.columns_.size());
  std::iota(out.by_name_.begin(), out.by_name_.end(), std::uint32_t{0});
  std::ranges::sort(out.by_name_, {},
                    [&](std::uint32_t i) -> const std::string& { return out.columns_[i].name; });
  for (std::size_t i = 0; i < out.columns_.size(); ++i) {
    out.index_.emplace(out.columns_[i].name, static_cast<std::uint32_t>(i));
    out.row_bytes_ += out.columns_[i].cell_bytes + kStateBytes;
    out.all_numbers_ &= out.columns_[i].type.kind == ColumnKind::kNumber;
    out.has_tokens_ |= out.columns_[i].type.kind == ColumnKind::kTokens;
  }
  out.one_row_ = out.layout(1);
  out.missing_row_.resize(out.one_row_.bytes);
  for (std::size_t i = 0; i < out.columns_.size(); ++i) {
    fill_missing(out.columns_[i].type, out.missing_row_.data() + out.one_row_.places[i].start, 1);
  }
  std::string schema;
  for (const std::uint32_t i : out.by_name_) {
    schema += out.columns_[i].name + ":" + column_type_name(out.columns_[i].type) + "\n";
  }
  out.digest_ = digest_text(sha256(schema));
  return out;
}

std::optional<std::size_t> Columns::find(std::string_view name) const noexcept {
  const auto found = index_.find(name);
  if (found == index_.end()) {
    return std::nullopt;
  }
  return found->second;
}

std::optional<std::size_t> Columns::find(std::string_view name, std::size_t hint) const noexcept {
  if (hint < columns_.size() && columns_[hint].name == name) {
    return hint;
  }
  return find(name);
}

std::string_view Columns::nearest(std::string_view name) const {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(name.size() / 2, 1) + 1;
  for (const Column& column : columns_) {
    const std::size_t distance = edit_distance(name, column.name);
    if (distance < best_distance) {
      best_distance = distance;
      best = column.name;
    }
  }
  return best;
}

}  // namespace bascule
