#include "engine/golden.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "package/string_tensor.h"

namespace bascule {
namespace {
// The elements of a tensor of that type; empty when the package leaves it out.
template <typename T>
std::span<const T> elements(const Package& package, const std::string& name) {
  const Tensor* tensor = package.find(name);
  if (tensor == nullptr) {
    return {};
  }
  return {reinterpret_cast<const T*>(tensor->bytes.data()),
          static_cast<std::size_t>(tensor->count())};
}

const std::byte* cells_of(const Package& package, const std::string& name) {
  const Tensor* tensor = package.find(name);
  return tensor == nullptr ? nullptr : tensor->bytes.data();
}

// A float that is missing is NaN: operators do not look at the validity of floats.
template <typename Float>
Status check_nulls(const Package& package, const std::string& name, std::size_t width,
                   std::span<const std::uint8_t> valid) {
  const auto cells = elements<Float>(package, name);
  for (std::size_t cell = 0; !valid.empty() && cell < cells.size(); ++cell) {
    if (valid[cell / width] == 0 && !std::isnan(cells[cell])) {
      return fail(Code::kInvalid, "tensor '{}': row {} is null, expected NaN there", name,
                  cell / width);
    }
  }
  return {};
}
}  // namespace

Result<GoldenRows> GoldenRows::load(const Plan& plan) {
  const Package& package = plan.package();
  GoldenRows golden;
  golden.rows_ = plan.manifest().golden.rows;
  if (golden.rows_ == 0) {
    return golden;
  }
  for (std::size_t i = 0; i < plan.input_types().size(); ++i) {
    BASCULE_TRY(auto column,
                load_column(package, fmt::format("golden.in.{}", i), plan.input_types()[i]));
    golden.columns_.push_back(std::move(column));
  }
  for (std::size_t j = 0; j < plan.manifest().outputs.size(); ++j) {
    golden.expected_.push_back(load_expected(package, j));
  }
  golden.refused_ = elements<std::uint8_t>(package, "golden.refused");
  golden.views_.resize(golden.columns_.size());
  return golden;
}

Result<GoldenRows::Column> GoldenRows::load_column(const Package& package, const std::string& name,
                                                   ValueType type) {
  Column column{.type = type,
                .cells = cells_of(package, name),
                .valid = elements<std::uint8_t>(package, name + ".valid"),
                .strings = {},
                .starts = {}};
  if (type.kind == ValueKind::kStrings || type.kind == ValueKind::kTokens) {
    BASCULE_TRY(column.strings, read_strings(package, name));
  }
  if (type.kind == ValueKind::kTokens) {
    BASCULE_TRY(column.starts, read_starts(package, name));
  }
  if (type.kind == ValueKind::kF64) {
    BASCULE_CHECK_OK(check_nulls<double>(package, name, type.width, column.valid));
  }
  if (type.kind == ValueKind::kF32) {
    BASCULE_CHECK_OK(check_nulls<float>(package, name, type.width, column.valid));
  }
  return column;
}

GoldenRows::Expected GoldenRows::load_expected(const Package& package, std::size_t output) {
  const bool number = package.manifest().outputs[output].type == OutputType::kNumber;
  const auto values = fmt::format("golden.out.{}", output);
  Expected expected;
  if (number) {
    expected.numbers = elements<double>(package, values);
  } else {
    expected.integers = elements<std::int64_t>(package, values);
  }
  expected.bound_here = elements<double>(package, fmt::format("golden.bound.here.{}", output));
  expected.bound_anywhere =
      elements<double>(package, fmt::format("golden.bound.anywhere.{}", output));
  expected.tie = elements<std::uint8_t>(package, fmt::format("golden.tie.{}", output));
  return expected;
}

Result<std::vector<std::uint32_t>> GoldenRows::read_starts(const Package& package,
                                                           const std::string& name) {
  const Tensor* tensor = package.find(name + ".starts");
  if (tensor == nullptr) {
    return fail(Code::kInvalid, "tensor '{}.starts': is missing", name);
  }
  BASCULE_TRY(const auto wide,
              widen_integers(*tensor, 0, std::numeric_limits<std::uint32_t>::max()));
  return std::vector<std::uint32_t>(wide.begin(), wide.end());
}

std::span<const View> GoldenRows::block(std::size_t first) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const auto* valid = column.valid.empty() ? nullptr : column.valid.data() + first;
    if (column.type.kind == ValueKind::kTokens) {
      views_[i] =
          View(column.type, column.strings.data(), column.starts.data() + first, nullptr, valid);
      continue;
    }
    const void* cells = column.strings.data() + first;
    if (column.type.kind != ValueKind::kStrings) {
      cells = column.cells + first * column.type.width * cell_bytes(column.type.kind);
    }
    views_[i] = View(column.type, cells, valid);
  }
  return views_;
}

}  // namespace bascule
