#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace bascule::cli {

void print_line(std::string_view text) {
  fmt::print("{}\n", text);
}

void Table::print() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    print_line(line);
  }
}

std::string text_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr || value->is_null()) {
    return {};
  }
  if (value->string() != nullptr) {
    return *value->string();
  }
  return canonical_json(*value);
}

std::string short_digest(std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  if (digest.starts_with(kPrefix)) {
    digest.remove_prefix(kPrefix.size());
  }
  return std::string(digest.substr(0, 12));
}

std::string short_time(std::string_view time) {
  std::string out(time.substr(0, 19));
  std::ranges::replace(out, 'T', ' ');
  return out;
}

const Json::Array& list_of(const Json& object, std::string_view key) {
  static const Json::Array none;
  const Json* value = object.find(key);
  return value != nullptr && value->array() != nullptr ? *value->array() : none;
}

}  // namespace bascule::cli
