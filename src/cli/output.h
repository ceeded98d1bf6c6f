// What commands print: tables for people, the server's JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "package/json.h"

namespace bascule::cli {

// Left-aligned columns, two spaces apart, under a header line.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

void print_line(std::string_view text);

// The member as text: strings bare, numbers and lists as JSON, "" when absent or null.
std::string text_of(const Json& object, std::string_view key);
// "sha256:91be3f..." as "91be3f0a12cd".
std::string short_digest(std::string_view digest);
// "2026-11-24T15:46:42.000001Z" as "2026-11-24 15:46:42".
std::string short_time(std::string_view time);
// An array member, or an empty one.
const Json::Array& list_of(const Json& object, std::string_view key);

}  // namespace bascule::cli
