// The data of one tensor into the cells of its columns: raw bytes, or typed contents.
//
// A value that its column cannot hold makes its row bad and no more; data of another length or of
// another type than the tensor says is an error.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "api/grpc/oip_columns.h"
#include "base/result.h"

namespace bascule {

class CellWriter {
 public:
  // All outlive it. A text equal to `missing` is a missing value.
  CellWriter(RowBatch& batch, const OipTensor& tensor, std::span<const std::uint32_t> columns,
             std::optional<std::string_view> missing)
      : batch_(batch), tensor_(tensor), columns_(columns), missing_(missing) {}

  // Little-endian numbers in a row; texts each behind 4 bytes of length.
  Status read_raw(std::string_view bytes) const;
  // inference.InferTensorContents
  Status read_contents(std::string_view message) const;

 private:
  struct Cell {
    std::size_t row;
    std::uint32_t column;
    std::size_t k;  // of a number[k]
  };
  std::size_t count() const noexcept;
  Cell cell(std::size_t at) const noexcept;
  std::unexpected<Error> wrong_count(std::size_t values) const;

  template <typename Number>
  Status raw_numbers(std::string_view bytes) const;
  Status raw_texts(std::string_view bytes) const;
  Status content(std::uint64_t bits, std::size_t at) const;

  // The value at position `at` of the tensor.
  void put(std::size_t at, double value) const;
  void put(std::size_t at, std::int64_t value) const;
  void put(std::size_t at, std::uint64_t value) const;
  void put(std::size_t at, bool value) const;
  void put(std::size_t at, std::string_view text) const;
  void put_missing(const Cell& cell, std::string_view what) const;
  void mark_bad(const Cell& cell, std::string_view code, std::string_view problem) const;

  RowBatch& batch_;
  const OipTensor& tensor_;
  std::span<const std::uint32_t> columns_;
  std::optional<std::string_view> missing_;
};

}  // namespace bascule
