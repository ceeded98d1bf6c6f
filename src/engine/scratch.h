// Scratch: the memory of one scoring thread.
//
// Laid out by the plan it was made for, which must live as long. Dense values have their place from
// the start; ragged ones (tokens, CSR) and new bytes (lower-cased text) grow when a block is larger
// than any before, and keep what they grew to, so that after warm-up a score allocates nothing: up
// to limits::kScratchKeptBytes in all, beyond which a call frees what grew before it returns.
// Growing can fail: the row is then refused, the process lives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "engine/view.h"

namespace bascule {
class Op;    // engine/op.h
class Plan;  // engine/plan.h

// Outputs by position in the manifest, one bit each.
using OutputMask = std::uint64_t;

// Grows with realloc, never throws. Contents survive growth.
template <typename T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  GrowingArray() = default;
  ~GrowingArray() { std::free(data_); }
  GrowingArray(GrowingArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  GrowingArray& operator=(GrowingArray&&) = delete;

  // Makes room for `count` elements; false when there is no memory.
  [[nodiscard]] bool reserve(std::size_t count) noexcept {
    if (count <= capacity_) {
      return true;
    }
    return grow(count);
  }
  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t bytes() const noexcept { return capacity_ * sizeof(T); }
  void release() noexcept {
    std::free(std::exchange(data_, nullptr));
    capacity_ = 0;
  }

 private:
  bool grow(std::size_t count) noexcept {
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / sizeof(T) / 2;
    if (count > kMost) {
      return false;
    }
    const std::size_t capacity = count > 2 * capacity_ ? count : 2 * capacity_;
    void* grown = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    if (grown == nullptr) {
      return false;
    }
    data_ = static_cast<T*>(grown);
    capacity_ = capacity;
    return true;
  }

  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

// A ragged value while it is written, row after row: tokens (string_view) or CSR (column, value).
// An operator calls `begin` once, then for each row pushes and calls `end_row`.
class Ragged {
 public:
  void begin() noexcept { row_ = 0, size_ = 0, room_ = 0, starts_[0] = 0; }
  // Appends to the current row; false when memory or the row's limit is used up (mark the row and
  // `drop_row`).
  [[nodiscard]] bool push_token(std::string_view token) noexcept {
    if (size_ >= room_ && !make_token_room()) [[unlikely]] {
      return false;
    }
    tokens_.data()[size_++] = token;
    return true;
  }
  // Columns ascend within a row.
  [[nodiscard]] bool push_cell(std::uint32_t column, double value) noexcept {
    if (size_ >= room_ && !make_cell_room()) [[unlikely]] {
      return false;
    }
    columns_.data()[size_] = column;
    values_.data()[size_++] = value;
    return true;
  }
  // Appends `count` cells to the current row, which has none yet, and gives their place, valid
  // until the next push; null, and none of them, when there is no room.
  [[nodiscard]] double* push_cells(const std::uint32_t* columns, const double* values,
                                   std::size_t count) noexcept;
  // Forgets what the current row has so far.
  void drop_row() noexcept { size_ = starts_[row_]; }
  // Every row is ended once, refused ones too.
  void end_row() noexcept { starts_[++row_] = static_cast<std::uint32_t>(size_); }

  View tokens_view() const noexcept {
    return View(ValueType{ValueKind::kTokens, 1}, tokens_.data(), starts_.data(), nullptr);
  }
  View csr_view(std::size_t width) const noexcept {
    return View(ValueType{ValueKind::kCsr, width}, values_.data(), starts_.data(), columns_.data());
  }

  std::size_t bytes() const noexcept {
    return columns_.bytes() + values_.bytes() + tokens_.bytes();
  }
  // Gives its memory back, and with it what it holds; `begin` makes it of use again.
  void release() noexcept;

 private:
  bool make_token_room() noexcept;
  bool make_cell_room() noexcept;
  // The size up to which the current row may grow.
  std::size_t most(std::size_t cell_bytes) const noexcept;

  std::size_t row_ = 0;
  std::size_t size_ = 0;
  std::size_t room_ = 0;  // below it there is memory, and no row is at its limit
  std::array<std::uint32_t, limits::kBlockRows + 1> starts_{};
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
  // Working memory of the operator that is running: its content is lost at the next call of the
  // same function, but for what the operator itself wrote before it asks for more. Null when there
  // is none to be had.
  std::uint32_t* words(std::size_t count) noexcept;
  double* doubles(std::size_t count) noexcept;

  // The memory that grew, in bytes.
  std::size_t grown() const noexcept {
    std::size_t bytes = chunk_bytes_ + words_.bytes() + doubles_.bytes();
    for (const Ragged& ragged : ragged_) {
      bytes += ragged.bytes();
    }
    return bytes;
  }

 private:
  friend class Plan;
  // A step of the plan with its arguments. They stand in `in_` and `out_`, but those of a step that
  // reads nothing but input columns, side by side, are the caller's own views.
  struct Call {
    static constexpr auto kNoInput = std::numeric_limits<std::uint32_t>::max();
    const Op* op;
    std::span<const View> in;
    std::span<MutableView> out;
    std::uint32_t first_input;
    std::uint32_t step;
    bool has_validity;  // one of `out` has
    bool has_ragged;    // one of `out` is tokens or CSR
  };
  // A view that shall see an input column, which moves from call to call.
  struct InputReader {
    std::uint32_t input;
    View* view;
  };

  void begin_block() noexcept { chunk_ = 0, chunk_used_ = 0; }
  void end_block() noexcept {
    if (grown() > limits::kScratchKeptBytes) [[unlikely]] {
      release();
    }
  }
  // Frees what grew.
  void release() noexcept;

  struct Free {
    void operator()(char* data) const noexcept { std::free(data); }
  };
  struct FreeAligned {
    void operator()(std::byte* data) const noexcept {
      ::operator delete(data, std::align_val_t{64});
    }
  };
  // Chunk i holds kFirstChunk << i bytes once it is needed: growth moves nothing that is in use.
  static constexpr std::size_t kFirstChunk = std::size_t{64} << 10;
  static constexpr std::size_t kChunks = 16;
  std::array<std::unique_ptr<char, Free>, kChunks> chunks_;
  std::size_t chunk_ = 0;
  std::size_t chunk_used_ = 0;
  std::size_t chunk_bytes_ = 0;  // of all chunks
  GrowingArray<std::uint32_t> words_;
  GrowingArray<double> doubles_;

  std::unique_ptr<std::byte, FreeAligned> dense_;  // dense values and validity; see Plan::Value
  std::vector<Ragged> ragged_;                     // one per ragged value
  std::vector<View> views_;                        // one per value of the plan
  std::vector<View> in_;                           // arguments of all steps, in their order
  std::vector<MutableView> out_;
  std::vector<InputReader> input_readers_;
  std::vector<View> results_;  // one per output of the manifest
  // What the last call wanted, and so what the next probably does: the steps for it, in order.
  OutputMask wanted_ = 0;
  std::vector<Call> calls_;
  bool gives_inputs_ = false;  // one of `results_` is an input column
  const Plan* plan_ = nullptr;
};

}  // namespace bascule
