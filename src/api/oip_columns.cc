#include "api/oip_columns.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

constexpr std::size_t kShownBytes = 64;

}  // namespace

Status OipColumns::check_rows(const OipTensor& tensor) {
  const auto name = utf8_prefix(tensor.name, kShownBytes);
  if (tensor.shape.empty() || tensor.shape.size() > 2) {
    return fail(Code::kInvalid,
                "input '{}': the shape has {} sizes; [rows] or [rows, columns] is needed", name,
                tensor.shape.size());
  }
  const std::uint64_t rows = tensor.shape[0];
  if (!checked_product(tensor.shape) || rows > limits::kHttpRows) {
    return fail(Code::kTooLarge, "input '{}' has the shape [{}]; at most {} rows are taken", name,
                fmt::join(tensor.shape, ", "), limits::kHttpRows);
  }
  if (rows == 0) {
    return fail(Code::kInvalid, "input '{}' has no rows", name);
  }
  if (!batch_) {
    BASCULE_TRY(batch_, RowBatch::make(set_.columns, static_cast<std::size_t>(rows)));
  } else if (batch_->rows() != rows) {
    return fail(Code::kInvalid, "input '{}' has {} rows, and the one before it {}", name, rows,
                batch_->rows());
  }
  return {};
}

bool are_numbers(const RowBatch& batch, const OipTensor& tensor,
                 std::span<const std::uint32_t> columns) noexcept {
  return columns.size() == tensor.width() &&
         (batch.columns().all_numbers() || std::ranges::all_of(columns, [&](std::uint32_t column) {
            return batch.columns()[column].type.kind == ColumnKind::kNumber;
          }));
}

Result<std::span<const std::uint32_t>> OipColumns::place(const OipTensor& tensor) {
  BASCULE_CHECK_OK(check_rows(tensor));
  const auto& wanted = tag_.live->plan->manifest().inputs;
  const auto name = utf8_prefix(tensor.name, kShownBytes);
  const bool whole = tensor.name == "x" || tensor.name == "input";
  auto at = tag_.live->plan->manifest().find_input(tensor.name);
  if (!at && whole && wanted.size() == 1) {
    at = 0;
  }
  if (at && tensor.width() != wanted[*at].type.width) {
    return fail(Code::kInvalid, "input '{}' has the shape [{}], expected [rows, {}]", name,
                fmt::join(tensor.shape, ", "), wanted[*at].type.width);
  }
  const bool matrix = !at && whole;
  if (matrix && tensor.width() != wanted.size()) {
    return fail(Code::kInvalid, "input '{}' has {} columns, and the model has {}", name,
                tensor.width(), wanted.size());
  }
  if (!at && !matrix) {
    const auto nearest =
        tensor.name.size() == name.size() ? set_.columns->nearest(name) : std::string_view();
    return fail(Code::kInvalid, "unknown input '{}'{}", name,
                nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest));
  }
  const std::size_t first = at.value_or(0);
  const std::size_t end = at ? *at + 1 : wanted.size();
  const auto given = std::span(given_).subspan(first, end - first);
  if (const auto twice = std::ranges::find(given, std::uint8_t{1}); twice != given.end()) {
    const auto at_twice = first + static_cast<std::size_t>(twice - given.begin());
    return fail(Code::kInvalid, "input '{}' stands twice", wanted[at_twice].name);
  }
  std::ranges::fill(given, std::uint8_t{1});
  const bool all_alike = set_.columns->all_numbers();
  const ColumnType* accepted = nullptr;
  for (std::size_t i = first; i < end; ++i) {
    if (accepted != nullptr && (all_alike || *accepted == wanted[i].type)) {
      continue;  // as its neighbour was
    }
    accepted = &wanted[i].type;
    if (!oip_accepts(wanted[i].type, tensor.type) || (matrix && wanted[i].type.width != 1)) {
      return fail(Code::kInvalid, "input '{}' is {}, and the column '{}' is {} ({})", name,
                  oip_type_name(tensor.type), wanted[i].name,
                  oip_type_name(oip_type_of(wanted[i].type)), column_type_name(wanted[i].type));
    }
  }
  return std::span(tag_.columns).subspan(first, end - first);
}

Status OipColumns::all_given() const {
  if (std::memchr(given_.data(), 0, given_.size()) == nullptr) {
    return {};
  }
  const auto& inputs = tag_.live->plan->manifest().inputs;
  std::vector<std::string_view> missing;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (given_[i] == 0 && !inputs[i].optional) {
      missing.push_back(inputs[i].name);
    }
  }
  if (missing.empty()) {
    return {};
  }
  return fail(Code::kInvalid, "missing input{} '{}'; the metadata names what the model needs",
              missing.size() == 1 ? "" : "s", fmt::join(missing, "', '"));
}

}  // namespace bascule
