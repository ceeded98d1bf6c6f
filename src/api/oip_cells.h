// The values of one tensor into the cells of its columns.
//
// A value that its column cannot hold makes its row bad and no more; data of another length than
// the tensor says is an error. NaN is a missing number, where the column may be missing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "api/oip_columns.h"
#include "base/result.h"

namespace bascule {

class OipCells {
 public:
  // All outlive it. A text equal to `missing` is a missing value.
  OipCells(RowBatch& batch, const OipTensor& tensor, std::span<const std::uint32_t> columns,
           std::optional<std::string_view> missing = std::nullopt)
      : batch_(batch), tensor_(tensor), columns_(columns), missing_(missing) {}

  const OipTensor& tensor() const noexcept { return tensor_; }
  // How many values the tensor has by its shape.
  std::size_t count() const noexcept;
  // Fails unless there were as many.
  Status check_count(std::size_t values) const;

  // All of them, as they stand in memory: little-endian numbers, a BOOL in one byte, texts each
  // behind four bytes of length.
  Status read_raw(std::string_view bytes) const;

  // The value at position `at`, below `count`.
  void put(std::size_t at, double value) const;
  void put(std::size_t at, std::int64_t value) const;
  void put(std::size_t at, std::uint64_t value) const;
  void put(std::size_t at, bool value) const;
  void put(std::size_t at, std::string_view text) const;

 private:
  struct Cell {
    std::size_t row;
    std::uint32_t column;
    std::size_t k;  // of a number[k]
  };
  Cell cell(std::size_t at) const noexcept;

  Status check_bytes(std::string_view bytes, std::size_t value_bytes) const;
  void raw_doubles(std::string_view bytes) const;  // when `are_numbers`
  template <typename Number>
  Status raw_numbers(std::string_view bytes) const;
  Status raw_halves(std::string_view bytes) const;
  Status raw_booleans(std::string_view bytes) const;
  Status raw_texts(std::string_view bytes) const;

  void put_missing(const Cell& cell, std::string_view what) const;
  void mark_bad(const Cell& cell, std::string_view code, std::string_view problem) const;

  RowBatch& batch_;
  const OipTensor& tensor_;
  std::span<const std::uint32_t> columns_;
  std::optional<std::string_view> missing_;
};

}  // namespace bascule
