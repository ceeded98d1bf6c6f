#include "engine/golden.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/string_tensor.h"

namespace bascule {
namespace {
DType dtype_of(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::kF64:
      return DType::kF64;
    case ValueKind::kF32:
      return DType::kF32;
    case ValueKind::kI64:
      return DType::kI64;
    case ValueKind::kBool:
    case ValueKind::kStrings:
    case ValueKind::kTokens:
    case ValueKind::kCsr:
      break;
  }
  return DType::kU8;
}

template <typename T>
std::span<const T> elements(const Tensor& tensor) noexcept {
  return {reinterpret_cast<const T*>(tensor.bytes.data()),
          static_cast<std::size_t>(tensor.count())};
}
}  // namespace

// Reads the tensors "golden.*" of one package.
class GoldenRows::Reader {
 public:
  explicit Reader(const Plan& plan) : plan_(plan), rows_(plan.manifest().golden.rows) {}

  Result<Column> column(std::size_t i) const {
    const auto name = fmt::format("golden.in.{}", i);
    Column column{.type = plan_.input_types()[i], .strings = {}};
    const auto kind = column.type.kind;
    if (kind == ValueKind::kTokens || kind == ValueKind::kCsr) {
      return fail(Code::kUnsupported, "tensor '{}': format 1 has no golden rows for {}", name,
                  value_type_name(column.type));
    }
    BASCULE_TRY(column.valid, bytes(name + ".valid"));
    if (kind == ValueKind::kStrings) {
      BASCULE_TRY(column.strings, read_strings(plan_.package(), name));
      if (column.strings.size() == rows_) {
        return column;
      }
      return fail(Code::kInvalid, "'{}' has {} strings, expected {}", name, column.strings.size(),
                  rows_);
    }
    const bool matrix = plan_.manifest().inputs[i].type.kind == ColumnKind::kMatrix;
    BASCULE_TRY(const auto* tensor, required(name, dtype_of(kind), matrix ? column.type.width : 0));
    column.cells = tensor->bytes.data();
    if (kind == ValueKind::kF64) {
      BASCULE_CHECK_OK(nan_where_null<double>(*tensor, column));
    }
    if (kind == ValueKind::kF32) {
      BASCULE_CHECK_OK(nan_where_null<float>(*tensor, column));
    }
    return column;
  }

  Result<Expected> expected(std::size_t j) const {
    const auto& output = plan_.manifest().outputs[j];
    const auto name = fmt::format("golden.out.{}", j);
    Expected expected;
    if (output.type == OutputType::kNumber) {
      BASCULE_TRY(const auto* tensor, required(name, DType::kF64, output.width));
      expected.numbers = elements<double>(*tensor);
    } else {
      BASCULE_TRY(const auto* tensor, integer_tensor(name, output));
      expected.integers = elements<std::int64_t>(*tensor);
    }
    BASCULE_TRY(expected.bound_here, bound(fmt::format("golden.bound.here.{}", j), output.width));
    BASCULE_TRY(expected.bound_anywhere,
                bound(fmt::format("golden.bound.anywhere.{}", j), output.width));
    BASCULE_TRY(const auto* tie, bytes(fmt::format("golden.tie.{}", j)));
    if (tie != nullptr) {
      expected.tie = std::span(tie, rows_);
    }
    return expected;
  }

  // U8 [rows], or null when the package leaves it out.
  Result<const std::uint8_t*> bytes(const std::string& name) const {
    if (plan_.package().find(name) == nullptr) {
      return nullptr;
    }
    BASCULE_TRY(const auto* tensor, required(name, DType::kU8, 0));
    return elements<std::uint8_t>(*tensor).data();
  }

 private:
  // A float that is missing is NaN: operators do not look at the validity of floats.
  template <typename Float>
  Status nan_where_null(const Tensor& tensor, const Column& column) const {
    if (column.valid == nullptr) {
      return {};
    }
    const auto cells = elements<Float>(tensor);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t row = i / column.type.width;
      if (column.valid[row] != 0 || std::isnan(cells[i])) {
        continue;
      }
      return fail(Code::kInvalid, "tensor '{}': row {} is null, but not NaN", tensor.name, row);
    }
    return {};
  }

  // [rows, width], or [rows] for width 0.
  Result<const Tensor*> required(const std::string& name, DType dtype, std::size_t width) const {
    const Tensor* tensor = plan_.package().find(name);
    if (tensor == nullptr) {
      return fail(Code::kInvalid, "tensor '{}' is missing", name);
    }
    const std::array<std::uint64_t, 2> shape{rows_, width};
    if (tensor->dtype == dtype &&
        std::ranges::equal(tensor->shape, std::span(shape).first(width == 0 ? 1 : 2))) {
      return tensor;
    }
    return fail(Code::kInvalid, "tensor '{}' is not {} [{}{}]", name, dtype_name(dtype), rows_,
                width == 0 ? "" : fmt::format(", {}", width));
  }

  // Positions of labels are [rows], integers [rows, width].
  Result<const Tensor*> integer_tensor(const std::string& name, const Output& output) const {
    const Tensor* tensor = plan_.package().find(name);
    const bool flat = output.width == 1 && tensor != nullptr && tensor->shape.size() == 1;
    return required(name, DType::kI64, flat ? 0 : output.width);
  }

  Result<std::span<const double>> bound(const std::string& name, std::size_t width) const {
    if (plan_.package().find(name) == nullptr) {
      return std::span<const double>();
    }
    BASCULE_TRY(const auto* tensor, required(name, DType::kF64, width));
    return elements<double>(*tensor);
  }

  const Plan& plan_;
  std::size_t rows_;
};

Result<GoldenRows> GoldenRows::load(const Plan& plan) {
  const Reader reader(plan);
  GoldenRows golden;
  golden.rows_ = plan.manifest().golden.rows;
  for (std::size_t i = 0; i < plan.input_types().size(); ++i) {
    BASCULE_TRY(auto column, reader.column(i));
    golden.columns_.push_back(std::move(column));
  }
  for (std::size_t j = 0; j < plan.manifest().outputs.size(); ++j) {
    BASCULE_TRY(const auto expected, reader.expected(j));
    golden.expected_.push_back(expected);
  }
  BASCULE_TRY(const auto* refused, reader.bytes("golden.refused"));
  if (refused != nullptr) {
    golden.refused_ = std::span(refused, golden.rows_);
  }
  golden.views_.resize(golden.columns_.size());
  return golden;
}

std::span<const View> GoldenRows::block(std::size_t first) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const void* cells = column.strings.data() + first;
    if (column.type.kind != ValueKind::kStrings) {
      cells = column.cells + first * column.type.width * cell_bytes(column.type.kind);
    }
    const auto* valid = column.valid == nullptr ? nullptr : column.valid + first;
    views_[i] = View(column.type, cells, valid);
  }
  return views_;
}

}  // namespace bascule
