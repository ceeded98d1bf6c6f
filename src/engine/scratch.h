// Scratch: the memory of one scoring thread.
//
// Sized by the plan it was made for. Dense values have their place from the start; ragged ones
// (tokens, CSR) and new bytes (lower-cased text) grow when a block is larger than any before, and
// keep what they grew to, so that after warm-up a score allocates nothing. Growing can fail: the
// row is then refused, the process lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/view.h"

namespace bascule {

// Grows with malloc, never throws. Contents survive growth.
template <typename T>
class GrowingArray {
 public:
  GrowingArray() = default;
  ~GrowingArray();
  GrowingArray(GrowingArray&& other) noexcept;
  GrowingArray& operator=(GrowingArray&&) = delete;
  // Makes room for `count` elements; false when there is no memory.
  [[nodiscard]] bool reserve(std::size_t count) noexcept;
  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

// A ragged value while it is written, row after row: tokens (string_view) or CSR (column, value).
class Ragged {
 public:
  void begin() noexcept { row_ = 0, size_ = 0; }
  // Appends to the current row; false when it cannot grow (mark the row, drop what it has).
  [[nodiscard]] bool push_token(std::string_view token) noexcept;
  [[nodiscard]] bool push_cell(std::uint32_t column, double value) noexcept;
  // The cells of the current row so far, to sort or merge in place.
  std::span<std::uint32_t> row_columns() noexcept;
  std::span<double> row_values() noexcept;
  std::span<std::string_view> row_tokens() noexcept;
  void truncate_row(std::size_t size) noexcept;
  // Every row is ended once, refused ones too. `begin` made room for limits::kBlockRows rows.
  void end_row() noexcept;

  View tokens_view() const noexcept;
  View csr_view(std::size_t width) const noexcept;
  [[nodiscard]] bool init() noexcept;  // room for the row starts; false when there is no memory

 private:
  std::size_t row_ = 0;
  std::size_t size_ = 0;
  GrowingArray<std::uint32_t> starts_;
  GrowingArray<std::uint32_t> columns_;
  GrowingArray<double> values_;
  GrowingArray<std::string_view> tokens_;
};

class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&&) noexcept = default;

  // Room for `count` bytes that lives until the next block; null when there is none to be had.
  char* bytes(std::size_t count) noexcept;
  // Working memory of the operator that is running: its content is lost at the next operator.
  double* doubles(std::size_t count) noexcept;
  std::uint32_t* words(std::size_t count) noexcept;

 private:
  friend class Plan;
  void begin_block() noexcept;

  struct Chunk {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;
    std::size_t used = 0;
  };
  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  GrowingArray<double> doubles_;
  GrowingArray<std::uint32_t> words_;

  std::vector<std::byte> dense_;         // all dense values of the plan, one after the other
  std::vector<std::uint8_t> valid_;      // validity bytes
  std::vector<Ragged> ragged_;           // one per ragged value
  std::vector<View> views_;              // one per value of the plan
  std::vector<MutableView> targets_;     // likewise
  std::vector<View> in_;                 // arguments of the operator that runs
  std::vector<MutableView> out_;
};

}  // namespace bascule
