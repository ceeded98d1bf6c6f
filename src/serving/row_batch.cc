#include "serving/row_batch.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::size_t kTextChunk = 4096;

// Where the starts of a row of lists lie.
std::size_t start_at(std::size_t row) noexcept {
  return row / limits::kBlockRows * (limits::kBlockRows + 1) + row % limits::kBlockRows;
}

}  // namespace

Result<RowBatch> RowBatch::make(std::shared_ptr<const Columns> columns, std::size_t rows) {
  const std::size_t row_bytes = columns->row_bytes();
  if (rows > limits::kBatchBytes / std::max<std::size_t>(row_bytes, 1)) {
    return fail(Code::kTooLarge,
                "{} rows of {} columns take {} bytes each; a request's rows may take {} MiB in "
                "all: send fewer at a time",
                rows, columns->size(), row_bytes, limits::kBatchBytes >> 20);
  }
  return RowBatch(std::move(columns), rows);
}

RowBatch::RowBatch(std::shared_ptr<const Columns> columns, std::size_t rows)
    : columns_(std::move(columns)), rows_(rows), layout_(&columns_->one_row()) {
  if (rows != 1) {
    layout_ = &(more().layout = columns_->layout(rows));
  }
  const std::size_t count = columns_->size() * rows;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(layout_->bytes + 2 * count);
  states_ = reinterpret_cast<CellState*>(memory_.get() + layout_->bytes);
  valid_ = reinterpret_cast<std::uint8_t*>(states_ + count);
  static_assert(static_cast<int>(CellState::kAbsent) == 0);
  std::memset(states_, 0, 2 * count);
  if (rows == 1) {
    const auto missing = columns_->missing_row();
    if (!missing.empty()) {
      std::memcpy(memory_.get(), missing.data(), missing.size());
    }
  } else {
    for (std::size_t i = 0; i < columns_->size(); ++i) {
      fill_missing((*columns_)[i].type, memory_.get() + layout_->places[i].start, rows);
    }
  }
  if (columns_->has_tokens()) {
    const std::size_t blocks = (rows + limits::kBlockRows - 1) / limits::kBlockRows;
    more().lists.resize(columns_->size());
    for (std::size_t i = 0; i < columns_->size(); ++i) {
      if ((*columns_)[i].type.kind == ColumnKind::kTokens) {
        more().lists[i].starts.assign(blocks * (limits::kBlockRows + 1), 0);
      }
    }
  }
}

RowBatch::More& RowBatch::more() {
  if (!more_) {
    more_ = std::make_unique<More>();
  }
  return *more_;
}

std::span<double> RowBatch::set_numbers(std::size_t column) noexcept {
  BASCULE_DASSERT((*columns_)[column].type.kind == ColumnKind::kNumber);
  const std::size_t first = column * rows_;
  std::fill_n(states_ + first, rows_, CellState::kValue);
  std::fill_n(valid_ + first, rows_, std::uint8_t{1});
  return {reinterpret_cast<double*>(memory_.get() + layout_->places[column].start), rows_};
}

void RowBatch::set_number32(std::size_t row, std::size_t column, float value) noexcept {
  *static_cast<float*>(cell(row, column)) = value;
}

void RowBatch::set_integer(std::size_t row, std::size_t column, std::int64_t value) noexcept {
  *static_cast<std::int64_t*>(cell(row, column)) = value;
}

void RowBatch::set_boolean(std::size_t row, std::size_t column, bool value) noexcept {
  *static_cast<std::uint8_t*>(cell(row, column)) = value ? 1 : 0;
}

void RowBatch::set_string(std::size_t row, std::size_t column, std::string_view value) {
  *static_cast<std::string_view*>(cell(row, column)) = keep(value);
}

void RowBatch::add_token(std::size_t column, std::string_view token) {
  more_->lists[column].tokens.push_back(keep(token));
}

// A bad element makes the cell bad, whatever is read of it besides.
void* RowBatch::cell_of_many(std::size_t row, std::size_t column) noexcept {
  const CellState before = state(row, column);
  void* const out = cell(row, column);
  if (before == CellState::kBad) {
    states_[column * rows_ + row] = before;
  }
  return out;
}

void RowBatch::end_tokens(std::size_t row, std::size_t column) noexcept {
  cell_of_many(row, column);
  Lists& lists = more_->lists[column];
  const std::size_t block = row - row % limits::kBlockRows;
  const std::span<std::uint32_t> starts =
      std::span(lists.starts).subspan(start_at(block), limits::kBlockRows + 1);
  const auto before = static_cast<std::ptrdiff_t>(row - block + 1);
  // Rows of the block that had no list end where this one starts, as do the block's first ones.
  if (starts.back() != lists.ended) {
    std::fill(starts.begin(), starts.begin() + before, lists.ended);
  }
  lists.ended = static_cast<std::uint32_t>(lists.tokens.size());
  std::fill(starts.begin() + before, starts.end(), lists.ended);
}

std::string_view RowBatch::keep(std::string_view value) {
  Text& text = more().text;
  if (value.size() > text.size - text.used) {
    text.size = std::max(kTextChunk, value.size());
    text.chunks.push_back(std::make_unique_for_overwrite<char[]>(text.size));
    text.used = 0;
    text.bytes += text.size;
  }
  char* copy = text.chunks.empty() ? nullptr : text.chunks.back().get() + text.used;
  if (!value.empty()) {
    std::memcpy(copy, value.data(), value.size());
  }
  text.used += value.size();
  return {copy, value.size()};
}

double* RowBatch::set_matrix(std::size_t row, std::size_t column) noexcept {
  return static_cast<double*>(cell_of_many(row, column));
}

void RowBatch::set_null(std::size_t row, std::size_t column) noexcept {
  BASCULE_DASSERT(row < rows_ && column < columns_->size());
  states_[column * rows_ + row] = CellState::kNull;
  valid_[column * rows_ + row] = 0;
}

Envelope& RowBatch::envelope(std::size_t row) {
  more().envelopes.resize(rows_);
  return more_->envelopes[row];
}

const Envelope& RowBatch::envelope(std::size_t row) const noexcept {
  static const Envelope none;
  return !more_ || more_->envelopes.empty() ? none : more_->envelopes[row];
}

View RowBatch::tokens_view(std::size_t column, std::size_t first_row) const noexcept {
  const Lists& lists = more_->lists[column];
  return View((*columns_)[column].view, lists.tokens.data(),
              lists.starts.data() + start_at(first_row), nullptr,
              valid_ + column * rows_ + first_row);
}

void RowBatch::mark_bad(std::size_t row, RowProblem problem) {
  if (!takes_problem(row)) {
    return;
  }
  more().problems.resize(rows_);
  auto& problems = more_->problems[row];
  if (!problem.column.empty() &&
      std::ranges::find(problems, problem.column, &RowProblem::column) != problems.end()) {
    return;
  }
  bad_count_ += problems.empty() ? 1 : 0;
  ++problem_count_;
  problem.row = row;
  problems.push_back(std::move(problem));
}

void RowBatch::mark_bad_cell(std::size_t row, std::size_t column, RowProblem problem) {
  states_[column * rows_ + row] = CellState::kBad;
  problem.column = (*columns_)[column].name;
  mark_bad(row, std::move(problem));
}

bool RowBatch::takes_problem(std::size_t row) const noexcept {
  const std::size_t known = problems(row).size();
  return known == 0 || (known < limits::kRowProblems && problem_count_ < limits::kRequestProblems);
}

std::span<const RowProblem> RowBatch::problems_of(std::size_t row) const noexcept {
  return more_->problems[row];
}

void RowBatch::hide_problems() {
  if (bad_count_ == 0) {
    return;
  }
  for (auto& problems : more_->problems) {
    if (!problems.empty()) {
      RowProblem& first = problems.front();
      problems = {
          {.code = std::move(first.code), .message = "the row cannot be scored", .row = first.row}};
    }
  }
}

std::span<const std::string_view> RowBatch::tokens(std::size_t row,
                                                   std::size_t column) const noexcept {
  const Lists& lists = more_->lists[column];
  const std::uint32_t* starts = lists.starts.data() + start_at(row);
  return std::span(lists.tokens).subspan(starts[0], starts[1] - starts[0]);
}

// A cell as JSON. Numbers have their shortest text, so that replay reads the same bits.
void RowBatch::write_cell(JsonWriter& json, std::size_t row, std::size_t column) const {
  const ColumnType type = (*columns_)[column].type;
  const void* cell = this->cell(row, column);
  switch (type.kind) {
    case ColumnKind::kNumber:
      json.number(*static_cast<const double*>(cell));
      break;
    case ColumnKind::kNumber32:
      json.number32(*static_cast<const float*>(cell));
      break;
    case ColumnKind::kInteger:
    case ColumnKind::kDatetime:
      json.integer(*static_cast<const std::int64_t*>(cell));
      break;
    case ColumnKind::kBoolean:
      json.boolean(*static_cast<const std::uint8_t*>(cell) != 0);
      break;
    case ColumnKind::kString:
      json.string(*static_cast<const std::string_view*>(cell));
      break;
    case ColumnKind::kMatrix: {
      const auto* numbers = static_cast<const double*>(cell);
      json.begin_array();
      for (std::size_t i = 0; i < type.width; ++i) {
        json.number(numbers[i]);
      }
      json.end_array();
      break;
    }
    case ColumnKind::kTokens:
      json.begin_array();
      for (const std::string_view token : tokens(row, column)) {
        json.string(token);
      }
      json.end_array();
      break;
    case ColumnKind::kSparse:
    case ColumnKind::kDict:
      json.null();
      break;
  }
}

std::string RowBatch::row_json(std::size_t row, bool with_nulls) const {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (const std::uint32_t column : columns_->by_name()) {
    if (state(row, column) == CellState::kValue) {
      json.key((*columns_)[column].name);
      write_cell(json, row, column);
    } else if (with_nulls && state(row, column) == CellState::kNull) {
      json.key((*columns_)[column].name).null();
    }
  }
  json.end_object();
  return out;
}

std::string RowBatch::features_json(std::size_t row) const {
  return row_json(row, /*with_nulls=*/true);
}

Digest RowBatch::row_hash(std::size_t row) const {
  return sha256(row_json(row, /*with_nulls=*/false));
}

std::size_t RowBatch::memory_bytes() const noexcept {
  std::size_t bytes = layout_->bytes + 2 * columns_->size() * rows_;
  if (!more_) {
    return bytes;
  }
  for (const Lists& each : more_->lists) {
    bytes += each.tokens.capacity() * sizeof(std::string_view) +
             each.starts.size() * sizeof(std::uint32_t);
  }
  return bytes + sizeof(More) + more_->layout.places.size() * sizeof(CellLayout::Place) +
         more_->text.bytes + more_->envelopes.size() * sizeof(Envelope);
}

}  // namespace bascule
