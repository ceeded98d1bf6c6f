#include "api/envelope.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>

#include "base/limits.h"

namespace bascule {
namespace {

// The cell's view, when the row has a value there.
std::optional<View> cell(const LiveSet& set, const RowBatch& batch, const std::string& column,
                         std::size_t row) {
  if (column.empty()) {
    return std::nullopt;
  }
  const auto at = set.columns->find(column);
  if (!at || batch.state(row, *at) != CellState::kValue) {
    return std::nullopt;
  }
  return batch.view(*at, row);
}

std::string text_of(const View& view) {
  switch (view.kind()) {
    case ValueKind::kStrings:
      return std::string(view.strings()[0]);
    case ValueKind::kI64:
      return fmt::format("{}", view.i64()[0]);
    case ValueKind::kF64:
      return fmt::format("{}", view.f64()[0]);
    case ValueKind::kF32:
      return fmt::format("{}", view.f32()[0]);
    case ValueKind::kBool:
      return view.boolean()[0] != 0 ? "true" : "false";
    case ValueKind::kTokens:
    case ValueKind::kCsr:
      break;
  }
  return {};
}

std::optional<double> number_of(const View& view) {
  switch (view.kind()) {
    case ValueKind::kF64:
      return std::isfinite(view.f64()[0]) ? std::optional(view.f64()[0]) : std::nullopt;
    case ValueKind::kF32:
      return std::isfinite(view.f32()[0]) ? std::optional<double>(view.f32()[0]) : std::nullopt;
    case ValueKind::kI64:
      return static_cast<double>(view.i64()[0]);
    default:
      return std::nullopt;
  }
}

void take_text(const LiveSet& set, RowBatch& batch, const std::string& column, std::size_t row,
               std::string& out) {
  if (!out.empty()) {
    return;
  }
  const auto view = cell(set, batch, column, row);
  if (!view) {
    return;
  }
  std::string text = text_of(*view);
  if (text.size() > limits::kKeyBytes) {
    batch.mark_bad(row, {"too_long", column,
                         fmt::format("column '{}' names the row and has {} bytes; at most {} are "
                                     "taken",
                                     column, text.size(), limits::kKeyBytes)});
    return;
  }
  out = std::move(text);
}

void take_time(const LiveSet& set, RowBatch& batch, std::size_t row) {
  if (batch.envelope(row).time) {
    return;
  }
  const auto view = cell(set, batch, set.time_column, row);
  if (!view || view->kind() != ValueKind::kStrings) {
    return;
  }
  const auto time = parse_time(view->strings()[0]);
  if (!time) {
    batch.mark_bad(row, {"invalid", set.time_column,
                         fmt::format("column '{}': {}", set.time_column, time.error().message)});
    return;
  }
  batch.envelope(row).time = *time;
}

}  // namespace

void take_envelopes_from_columns(const LiveSet& set, RowBatch& batch) {
  if (!set.takes_envelope_columns()) {
    return;
  }
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (batch.bad(row) != nullptr) {
      continue;
    }
    Envelope& envelope = batch.envelope(row);
    take_text(set, batch, set.key_column, row, envelope.key);
    take_text(set, batch, set.entity_column, row, envelope.entity);
    take_time(set, batch, row);
    if (!envelope.amount) {
      if (const auto view = cell(set, batch, set.amount_column, row)) {
        envelope.amount = number_of(*view);
      }
    }
  }
}

}  // namespace bascule
