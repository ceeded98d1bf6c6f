#include "engine/input_check.h"

#include <cmath>

#include "engine/kernels/cells.h"

namespace bascule {
namespace {
constexpr std::size_t kFew = 8;  // cells, for which asking a kernel costs more than it saves

template <typename Float>
void refuse_nan(const Float* cells, std::size_t width, std::size_t rows, std::int32_t column,
                RowErrors& refused) noexcept {
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0; col < width; ++col) {
      if (std::isnan(cells[row * width + col])) {
        refused.mark(row, RowCode::kMissing, column);
      }
    }
  }
}

void refuse_invalid(const View& view, std::size_t rows, std::int32_t column,
                    RowErrors& refused) noexcept {
  if (view.valid() == nullptr) {
    return;
  }
  const std::size_t width = view.width();
  for (std::size_t cell = 0; cell < rows * width; ++cell) {
    if (!view.is_valid(cell)) {
      refused.mark(cell / width, RowCode::kMissing, column);
    }
  }
}

void refuse_nan_stored(const View& view, std::size_t rows, std::int32_t column,
                       RowErrors& refused) noexcept {
  for (std::size_t row = 0; row < rows; ++row) {
    for (auto cell = view.starts()[row]; cell < view.starts()[row + 1]; ++cell) {
      if (std::isnan(view.csr_values()[cell])) {
        refused.mark(row, RowCode::kMissing, column);
      }
    }
  }
}

void refuse_long(const View& view, std::size_t rows, std::int32_t column,
                 RowErrors& refused) noexcept {
  for (std::size_t row = 0; row < rows; ++row) {
    if (view.is_valid(row) && view.strings()[row].size() > limits::kStringBytes) {
      refused.mark(row, RowCode::kTooLong, column);
    }
  }
}

void refuse_long_lists(const View& view, std::size_t rows, std::int32_t column,
                       RowErrors& refused) noexcept {
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t size = 0;
    for (auto token = view.starts()[row]; token < view.starts()[row + 1]; ++token) {
      size += view.tokens()[token].size() + limits::kTokenBytes;
    }
    if (size > limits::kStringBytes) {
      refused.mark(row, RowCode::kTooLong, column);
    }
  }
}
}  // namespace

void check_input_block(const View& view, bool nullable, std::size_t rows, std::int32_t column,
                       const CellKernels& cells, RowErrors& refused) noexcept {
  if (view.kind() == ValueKind::kStrings) {
    refuse_long(view, rows, column, refused);
  }
  if (view.kind() == ValueKind::kTokens) {
    refuse_long_lists(view, rows, column, refused);
  }
  if (nullable) {
    return;
  }
  switch (view.kind()) {
    case ValueKind::kF64:
      if (rows * view.width() > kFew && !cells.any_nan(view.f64(), rows * view.width())) {
        return;
      }
      return refuse_nan(view.f64(), view.width(), rows, column, refused);
    case ValueKind::kF32:
      return refuse_nan(view.f32(), view.width(), rows, column, refused);
    case ValueKind::kCsr:
      return refuse_nan_stored(view, rows, column, refused);
    case ValueKind::kI64:
    case ValueKind::kBool:
    case ValueKind::kStrings:
    case ValueKind::kTokens:
      return refuse_invalid(view, rows, column, refused);
  }
}

}  // namespace bascule
