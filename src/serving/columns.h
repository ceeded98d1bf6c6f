// The columns a model's rows are decoded by: the union of what its live versions know.
//
// Callers can start to send what a candidate needs before it is promoted. Immutable; built when a
// tag moves, shared by all threads.
#pragma once

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

class Columns {
 public:
  // The union over `versions`, in the order of first mention. kConflict names a column that two
  // versions type differently, and both types.
  static Result<Columns> unite(std::span<const Manifest* const> versions);

  std::size_t size() const noexcept { return columns_.size(); }
  const Column& operator[](std::size_t i) const noexcept { return columns_[i]; }
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
};

}  // namespace bascule
