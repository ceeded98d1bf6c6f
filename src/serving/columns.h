// The columns a model's rows are decoded by: the union of what its live versions know.
//
// Callers can start to send what a candidate needs before it is promoted. Immutable; built when a
// tag moves, shared by all threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/view.h"
#include "package/manifest.h"

namespace bascule {

struct Column {
  std::string name;
  ColumnType type;
  bool nullable = true;        // some live version takes null here
  ValueType view = {};         // as the engine sees it
  std::size_t cell_bytes = 0;  // of one cell in a batch of rows
};

// Where the cells of a batch lie: column by column, from the first byte on.
struct CellLayout {
  struct Place {
    std::size_t start = 0;
    std::size_t cell_bytes = 0;
  };
  std::vector<Place> places;  // of each column; close together, since all rows ask for them
  std::size_t bytes = 0;
};

class Columns {
 public:
  // The union over `versions`, in the order of first mention. kConflict names a column that two
  // versions type differently, and both types; kUnsupported one that a batch of rows cannot hold.
  static Result<Columns> unite(std::span<const Manifest* const> versions);

  std::size_t size() const noexcept { return columns_.size(); }
  CellLayout layout(std::size_t rows) const;
  // Of one row in a batch, with what is kept of each cell's state.
  std::size_t row_bytes() const noexcept { return row_bytes_; }
  // The cells of a batch of one row, all missing: what most batches begin as.
  const CellLayout& one_row() const noexcept { return one_row_; }
  std::span<const std::byte> missing_row() const noexcept { return missing_row_; }
  const Column& operator[](std::size_t i) const noexcept { return columns_[i]; }
  bool has_tokens() const noexcept { return has_tokens_; }
  // Whether each of them is a `number`.
  bool all_numbers() const noexcept { return all_numbers_; }
  std::optional<std::size_t> find(std::string_view name) const noexcept;
  // `hint` is where the caller expects it: rows tend to come with their keys in one order.
  std::optional<std::size_t> find(std::string_view name, std::size_t hint) const noexcept;
  // The known name that is nearest to `name` by edit distance, for "did you mean".
  std::string_view nearest(std::string_view name) const;
  // Positions sorted by name: the order in which a row is hashed and logged.
  std::span<const std::uint32_t> by_name() const noexcept { return by_name_; }
  // "sha256:..." of names and types: the schema that logged features have.
  const std::string& digest() const noexcept { return digest_; }

 private:
  std::vector<Column> columns_;
  std::unordered_map<std::string_view, std::uint32_t> index_;  // views into columns_' names
  std::vector<std::uint32_t> by_name_;
  std::string digest_;
  std::size_t row_bytes_ = 0;
  bool has_tokens_ = false;
  bool all_numbers_ = true;
  CellLayout one_row_;
  std::vector<std::byte> missing_row_;
};

// What a plan reads where nothing was sent: NaN, 0, false or an empty text. `cells` are those of
// `rows` rows.
void fill_missing(ColumnType type, std::byte* cells, std::size_t rows) noexcept;

}  // namespace bascule
