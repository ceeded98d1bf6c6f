// The words of the manifest: kinds and column types.

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "base/utf8.h"
#include "package/manifest.h"

namespace bascule {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 6> kKinds{"yes/no",  "classes", "number",
                                                 "ranking", "anomaly", "transformation"};
constexpr std::array<std::string_view, 10> kColumns{"number", "number32", "integer", "boolean",
                                                    "string", "datetime", "number",  "sparse",
                                                    "tokens", "dict"};

bool has_width(ColumnKind kind) {
  return kind == ColumnKind::kMatrix || kind == ColumnKind::kSparse;
}

// The k of "[k]"; 0 when it is no width.
std::size_t parse_width(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) {
    return 0;
  }
  text = text.substr(1, text.size() - 2);
  std::size_t width = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), width);
  const bool whole = end.ec == std::errc() && end.ptr == text.data() + text.size();
  return whole && !text.starts_with('0') && width <= limits::kWidth ? width : 0;
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<Kind> parse_kind(std::string_view name) noexcept {
  const auto found = std::ranges::find(kKinds, name);
  if (found == kKinds.end()) {
    return std::nullopt;
  }
  return static_cast<Kind>(found - kKinds.begin());
}

std::string column_type_name(ColumnType type) {
  const auto word = kColumns[static_cast<std::size_t>(type.kind)];
  return has_width(type.kind) ? fmt::format("{}[{}]", word, type.width) : std::string(word);
}

Result<ColumnType> parse_column_type(std::string_view name) {
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto kind = static_cast<ColumnKind>(i);
    if (!has_width(kind) && name == kColumns[i]) {
      return ColumnType{kind, 1};
    }
    if (!has_width(kind) || !name.starts_with(kColumns[i])) {
      continue;
    }
    if (const auto width = parse_width(name.substr(kColumns[i].size())); width != 0) {
      return ColumnType{kind, width};
    }
  }
  return fail(Code::kInvalid,
              "type '{}' is none of number, number32, integer, boolean, string, datetime, "
              "number[k], sparse[k], tokens, dict (k from 1 to {})",
              utf8_prefix(name, 80), limits::kWidth);
}

}  // namespace bascule
