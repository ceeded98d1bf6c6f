// Views: how operators see a block of rows.
//
// A value of a plan is a block of rows of one type. Dense values are row-major [rows, width].
// A float that is missing is NaN; strings, integers and booleans carry validity. Views borrow; the
// scratch of the thread, or the caller's columns, own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace bascule {

enum class ValueKind : std::uint8_t {
  kF64,      // double [rows, width]; missing is NaN
  kF32,      // float [rows, width]; missing is NaN
  kI64,      // int64 [rows, width], with validity
  kBool,     // uint8 0 or 1 [rows, width], with validity
  kStrings,  // std::string_view [rows], with validity
  kTokens,   // per row a list of std::string_view, with validity
  kCsr,      // sparse double [rows, width]: per row ascending columns and their values
};

struct ValueType {
  ValueKind kind = ValueKind::kF64;
  std::size_t width = 1;
  // For kI64: the range, both ends included, that `load` could prove. Codes and labels index
  // tables, so their range is checked once, against the table, and not per row.
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  bool operator==(const ValueType&) const = default;

  static constexpr ValueType codes(std::int64_t low, std::int64_t high) noexcept {
    return ValueType{ValueKind::kI64, 1, low, high};
  }
};
// "f64[4]", "csr[1000]", "string", for messages.
std::string value_type_name(ValueType type);
// Bytes of one cell of a dense value or of a string's view.
std::size_t cell_bytes(ValueKind kind) noexcept;

// Read-only. `valid` is null when every cell has a value, else one byte per cell, 0 where missing.
class View {
 public:
  View() = default;
  View(ValueType type, const void* data, const std::uint8_t* valid = nullptr) noexcept
      : type_(type), data_(data), valid_(valid) {}
  // Tokens: `starts` [rows + 1] into `data`. CSR: `starts` [rows + 1] into `columns` and `data`.
  // Tokens of an input carry validity too: a row that is missing has none.
  View(ValueType type, const void* data, const std::uint32_t* starts, const std::uint32_t* columns,
       const std::uint8_t* valid = nullptr) noexcept
      : type_(type), data_(data), valid_(valid), starts_(starts), columns_(columns) {}

  // From now on sees the cells of `other`, which has the same type.
  void point_to(const View& other) noexcept {
    data_ = other.data_;
    valid_ = other.valid_;
    starts_ = other.starts_;
    columns_ = other.columns_;
  }

  // The same of floats, which nothing goes with.
  void point_to(const void* cells) noexcept {
    BASCULE_DASSERT(type_.kind == ValueKind::kF64 || type_.kind == ValueKind::kF32);
    data_ = cells;
  }

  ValueType type() const noexcept { return type_; }
  ValueKind kind() const noexcept { return type_.kind; }
  std::size_t width() const noexcept { return type_.width; }

  const double* f64() const noexcept { return get<double>(ValueKind::kF64); }
  const float* f32() const noexcept { return get<float>(ValueKind::kF32); }
  const std::int64_t* i64() const noexcept { return get<std::int64_t>(ValueKind::kI64); }
  const std::uint8_t* boolean() const noexcept { return get<std::uint8_t>(ValueKind::kBool); }
  const std::string_view* strings() const noexcept {
    return get<std::string_view>(ValueKind::kStrings);
  }
  const std::string_view* tokens() const noexcept {
    return get<std::string_view>(ValueKind::kTokens);
  }
  const double* csr_values() const noexcept { return get<double>(ValueKind::kCsr); }
  const std::uint32_t* csr_columns() const noexcept { return columns_; }
  const std::uint32_t* starts() const noexcept { return starts_; }

  const std::uint8_t* valid() const noexcept { return valid_; }
  bool is_valid(std::size_t cell) const noexcept { return valid_ == nullptr || valid_[cell] != 0; }

 private:
  template <typename T>
  const T* get(ValueKind kind) const noexcept {
    BASCULE_DASSERT(type_.kind == kind);
    static_cast<void>(kind);
    return static_cast<const T*>(data_);
  }

  ValueType type_;
  const void* data_ = nullptr;
  const std::uint8_t* valid_ = nullptr;
  const std::uint32_t* starts_ = nullptr;
  const std::uint32_t* columns_ = nullptr;
};

// A dense or string value that an operator writes in full. Ragged values (tokens, CSR) are
// appended to a `Ragged` of scratch.h instead.
class Ragged;
class MutableView {
 public:
  MutableView() = default;
  MutableView(ValueType type, void* data, std::uint8_t* valid, Ragged* ragged) noexcept
      : type_(type), data_(data), valid_(valid), ragged_(ragged) {}

  ValueType type() const noexcept { return type_; }
  std::size_t width() const noexcept { return type_.width; }

  double* f64() const noexcept { return get<double>(ValueKind::kF64); }
  float* f32() const noexcept { return get<float>(ValueKind::kF32); }
  std::int64_t* i64() const noexcept { return get<std::int64_t>(ValueKind::kI64); }
  std::uint8_t* boolean() const noexcept { return get<std::uint8_t>(ValueKind::kBool); }
  std::string_view* strings() const noexcept { return get<std::string_view>(ValueKind::kStrings); }
  // One byte per cell, all 1 when `run` is called; null for floats.
  std::uint8_t* valid() const noexcept { return valid_; }
  Ragged& ragged() const noexcept {
    BASCULE_DASSERT(ragged_ != nullptr);
    return *ragged_;
  }

 private:
  template <typename T>
  T* get(ValueKind kind) const noexcept {
    BASCULE_DASSERT(type_.kind == kind);
    static_cast<void>(kind);
    return static_cast<T*>(data_);
  }

  ValueType type_;
  void* data_ = nullptr;
  std::uint8_t* valid_ = nullptr;
  Ragged* ragged_ = nullptr;
};

}  // namespace bascule
