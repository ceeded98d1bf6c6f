// Columns of an Arrow struct array, as the views that a plan reads.
//
// A column is bound once per batch, which checks its format, and then copied block by block: what
// comes in may be misaligned, sliced and have its nulls in bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capi/bascule.h"
#include "engine/view.h"
#include "package/manifest.h"

namespace bascule::capi {

// Memory for one block of one column; belongs to the calling thread.
class ColumnBuffer {
 public:
  explicit ColumnBuffer(ValueType type);

 private:
  friend class ArrowColumn;
  std::unique_ptr<std::byte[]> cells_;
  std::unique_ptr<std::uint8_t[]> valid_;
  std::vector<std::string_view> tokens_;  // of a column of lists, as many as a block has
  std::vector<std::uint32_t> starts_;
};

// What a format string says, as far as bascule.h takes it.
enum class ArrowType : std::uint8_t {
  kNull,
  kBool,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kFloat32,
  kFloat64,
  kUtf8,
  kLargeUtf8,
  kTimestampUs,
  kFloat64List,  // of a fixed size
  kTextList,     // list or large_list of utf8 or large_utf8
  kOther,
};

// One column of a batch, bound to an input column of the model. Borrows all its arguments.
class ArrowColumn {
 public:
  // kInvalid, with the column's name and both types, when the model cannot read it. `first` is
  // where the batch starts in the child, `rows` how many it has.
  static Result<ArrowColumn> bind(const InputColumn& wanted, ValueType type,
                                  const ArrowSchema& schema, const ArrowArray& array,
                                  std::size_t first, std::size_t rows);
  // A column that is not there: null in every row.
  static ArrowColumn absent(const InputColumn& wanted, ValueType type);

  // Copies rows [row, row + rows) of the batch. kInvalid for a text that is not UTF-8 and for an
  // integer that does not fit. The view lives in `buffer`.
  Result<View> read(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const;

 private:
  Status check_buffers(const ArrowArray& array, std::size_t rows);
  Status check_texts(const ArrowArray& array, std::size_t rows);
  Result<View> read_strings(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const;
  Result<View> read_lists(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const;
  // The text at position `at` of the texts' own array; `row` is for messages.
  Result<std::string_view> text(std::size_t at, std::size_t row) const;
  void read_floats(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const;
  Status read_integers(std::size_t row, std::size_t rows, ColumnBuffer& buffer) const;
  bool is_null(std::size_t row) const noexcept;

  const InputColumn* wanted_ = nullptr;
  ValueType type_;
  ArrowType arrow_ = ArrowType::kNull;
  std::size_t first_ = 0;                // of the batch, in the buffers
  const std::uint8_t* nulls_ = nullptr;  // bits, 0 where null; null: none is
  const std::byte* data_ = nullptr;      // cells, or offsets of texts
  const char* text_ = nullptr;
  bool wide_ = false;  // offsets of texts are int64, not int32
  // Of a matrix or of lists: the cells in the list's child.
  std::size_t cells_first_ = 0;
  std::size_t cells_ = 0;
  const std::uint8_t* cell_nulls_ = nullptr;
  const std::byte* list_starts_ = nullptr;  // offsets of lists
  bool wide_lists_ = false;
};

// The columns of a batch in the manifest's order, found by name. Extra ones are ignored.
Result<std::vector<ArrowColumn>> bind_columns(std::span<const InputColumn> wanted,
                                              std::span<const ValueType> types,
                                              const ArrowSchema& schema, const ArrowArray& batch);

}  // namespace bascule::capi
