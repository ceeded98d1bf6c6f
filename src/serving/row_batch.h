// A batch of decoded rows: what a face fills, what a plan reads, what the shadow keeps.
//
// Cells lie column by column, in the layout of the engine's views, so that scoring copies nothing.
// Strings are copied into the batch's own memory: a batch outlives the request it came from.
// Threads: one at a time; it is moved, not shared.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/sha256.h"
#include "engine/view.h"
#include "serving/columns.h"

namespace bascule {
class JsonWriter;  // base/json_writer.h

// kBad: something was sent, and it does not fit the column.
enum class CellState : std::uint8_t { kAbsent, kNull, kValue, kBad };

// What a caller says about a row besides its columns; empty when it did not.
struct Envelope {
  std::string id;
  std::string key;
  std::string entity;
  std::vector<std::pair<std::string, std::string>> segments;  // name, value
  std::optional<double> amount;
  std::optional<TimeUs> time;
};

class RowBatch {
 public:
  // Cells of `rows` rows over `columns`, all absent. `columns` is kept alive. kTooLarge: they would
  // take more than limits::kBatchBytes, as many rows of wide columns do whatever was sent of them.
  static Result<RowBatch> make(std::shared_ptr<const Columns> columns, std::size_t rows);
  // The same where the caller knows the size.
  RowBatch(std::shared_ptr<const Columns> columns, std::size_t rows);
  RowBatch(RowBatch&&) noexcept = default;
  RowBatch& operator=(RowBatch&&) noexcept = default;

  std::size_t rows() const noexcept { return rows_; }
  const Columns& columns() const noexcept { return *columns_; }

  // Each sets one cell of a column of that type; `wrong type` is the face's to find.
  void set_number(std::size_t row, std::size_t column, double value) noexcept {
    *static_cast<double*>(cell(row, column)) = value;
  }
  // The cells of all rows of a number column, to be filled by the caller; each has a value then.
  std::span<double> set_numbers(std::size_t column) noexcept;
  void set_number32(std::size_t row, std::size_t column, float value) noexcept;
  void set_integer(std::size_t row, std::size_t column, std::int64_t value) noexcept;
  void set_boolean(std::size_t row, std::size_t column, bool value) noexcept;
  void set_string(std::size_t row, std::size_t column, std::string_view value);  // copied
  // The texts of a tokens cell, one after the other (copied), then its row. Rows ascend, and a list
  // that was begun is ended.
  void add_token(std::size_t column, std::string_view token);
  void end_tokens(std::size_t row, std::size_t column) noexcept;
  // The k numbers of a number[k] cell, to be filled by the caller.
  double* set_matrix(std::size_t row, std::size_t column) noexcept;
  void set_null(std::size_t row, std::size_t column) noexcept;

  CellState state(std::size_t row, std::size_t column) const noexcept {
    return states_[column * rows_ + row];
  }
  // Whether any cell of any row is absent.
  bool has_absent() const noexcept {
    return std::memchr(states_, static_cast<int>(CellState::kAbsent), columns_->size() * rows_) !=
           nullptr;
  }
  // Rows [first, first + at most limits::kBlockRows) of a column; of a tokens column `first` is
  // where a block of that many rows starts.
  View view(std::size_t column, std::size_t first_row) const noexcept {
    const ValueType& type = (*columns_)[column].view;
    if (type.kind == ValueKind::kF64 || type.kind == ValueKind::kF32) {
      return View(type, cell(first_row, column));
    }
    if (type.kind == ValueKind::kTokens) {
      return tokens_view(column, first_row);
    }
    return View(type, cell(first_row, column), valid_ + column * rows_ + first_row);
  }

  // Makes earlier views of columns of these types show these rows, for less.
  void show(std::span<const std::uint32_t> columns, std::size_t first_row,
            std::span<View> views) const noexcept {
    const CellLayout::Place* const places = layout_->places.data();
    const std::byte* const memory = memory_.get();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const ValueKind kind = views[i].kind();
      if (kind == ValueKind::kF64 || kind == ValueKind::kF32) {
        const CellLayout::Place& place = places[columns[i]];
        views[i].point_to(memory + place.start + place.cell_bytes * first_row);
      } else {
        views[i] = view(columns[i], first_row);
      }
    }
  }

  // Most rows have none: asking for one that may be written to makes room for those of all rows.
  Envelope& envelope(std::size_t row);
  const Envelope& envelope(std::size_t row) const noexcept;

  // Adds a problem of a row, which is bad from then on and not scored. Of one column the first is
  // kept, of a row and of the batch as many as limits.h says, of each bad row at least one.
  void mark_bad(std::size_t row, RowProblem problem);
  // The same for a cell that was sent and does not fit; fills in the column's name.
  void mark_bad_cell(std::size_t row, std::size_t column, RowProblem problem);
  // Whether another problem of the row would be kept: sentences cost time.
  bool takes_problem(std::size_t row) const noexcept;
  // The row's first problem; nullptr when it has none.
  const RowProblem* bad(std::size_t row) const noexcept {
    const auto problems = this->problems(row);
    return problems.empty() ? nullptr : problems.data();
  }
  std::span<const RowProblem> problems(std::size_t row) const noexcept {
    return bad_count_ == 0 ? std::span<const RowProblem>() : problems_of(row);
  }
  std::size_t bad_count() const noexcept { return bad_count_; }
  // Of all rows; those beyond the limits are not counted.
  std::size_t problem_count() const noexcept { return problem_count_; }
  // Leaves the code of each row's first problem, and a sentence that tells nothing of the columns.
  void hide_problems();

  // SHA-256 over (name, value) of the cells that have a value, in the order of names: the same for
  // the same row, whatever the face and the order of keys.
  Digest row_hash(std::size_t row) const;
  // The same cells, and the nulls, as one JSON object: what a replay needs to send the row again.
  std::string features_json(std::size_t row) const;
  // About how many bytes it holds.
  std::size_t memory_bytes() const noexcept;

 private:
  // All lists of a tokens column. Where rows start is kept apart for each block of rows, so that a
  // row's end is written ahead for no more rows than one block has.
  struct Lists {
    std::vector<std::string_view> tokens;
    std::vector<std::uint32_t> starts;  // [blocks, limits::kBlockRows + 1]
    std::uint32_t ended = 0;            // tokens of the rows that are ended
  };
  // The memory of strings.
  struct Text {
    std::vector<std::unique_ptr<char[]>> chunks;
    std::size_t used = 0, size = 0;  // of the last chunk
    std::size_t bytes = 0;
  };
  // What the batch of one row of numbers does not have: it is moved many times.
  struct More {
    CellLayout layout;                              // of any other number of rows than one
    std::vector<Lists> lists;                       // [columns]; of none without tokens
    std::vector<Envelope> envelopes;                // [rows]; of none while no row has one
    std::vector<std::vector<RowProblem>> problems;  // [rows]; of none while no row is bad
    Text text;
  };
  More& more();

  std::string row_json(std::size_t row, bool with_nulls) const;
  std::span<const std::string_view> tokens(std::size_t row, std::size_t column) const noexcept;
  View tokens_view(std::size_t column, std::size_t first_row) const noexcept;
  std::span<const RowProblem> problems_of(std::size_t row) const noexcept;  // of a bad batch
  void write_cell(JsonWriter& json, std::size_t row, std::size_t column) const;
  std::string_view keep(std::string_view text);
  std::size_t place(std::size_t column, std::size_t row) const noexcept {
    const CellLayout::Place& place = layout_->places[column];
    return place.start + place.cell_bytes * row;
  }
  void* cell(std::size_t row, std::size_t column) noexcept {
    BASCULE_DASSERT(row < rows_ && column < columns_->size());
    states_[column * rows_ + row] = CellState::kValue;
    valid_[column * rows_ + row] = 1;
    return memory_.get() + place(column, row);
  }
  void* cell_of_many(std::size_t row, std::size_t column) noexcept;
  const void* cell(std::size_t row, std::size_t column) const noexcept {
    return memory_.get() + place(column, row);
  }

  std::shared_ptr<const Columns> columns_;
  std::size_t rows_;
  const CellLayout* layout_;             // of the columns, or of `more_`
  std::unique_ptr<std::byte[]> memory_;  // the cells, and what is kept of each
  CellState* states_ = nullptr;          // [columns, rows]
  std::uint8_t* valid_ = nullptr;        // the same, 0 or 1, as views want it
  std::unique_ptr<More> more_;           // made when it is needed
  std::size_t bad_count_ = 0;
  std::size_t problem_count_ = 0;
};

}  // namespace bascule
