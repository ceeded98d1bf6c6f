// A strict JSON document: what a manifest, a policy or an answer is read into.
//
// Strict means: UTF-8, one value and nothing after it, no duplicate keys, no NaN, no number beyond
// a double, a depth limit. Integers that fit stay integers. Rows on the path of a request are not
// read with this; api/rows.cc streams them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace bascule {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in the order of the text

  Json() = default;
  explicit Json(bool value) : value_(value) {}
  explicit Json(std::int64_t value) : value_(value) {}
  explicit Json(double value) : value_(value) {}
  explicit Json(std::string value) : value_(std::move(value)) {}
  explicit Json(const char* value) : value_(std::string(value)) {}  // else it would be a bool
  explicit Json(Array value) : value_(std::move(value)) {}
  explicit Json(Object value) : value_(std::move(value)) {}

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  // The value when it is of that type, else null.
  const bool* boolean() const noexcept { return std::get_if<bool>(&value_); }
  const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&value_); }
  const std::string* string() const noexcept { return std::get_if<std::string>(&value_); }
  const Array* array() const noexcept { return std::get_if<Array>(&value_); }
  const Object* object() const noexcept { return std::get_if<Object>(&value_); }
  // An integer or a double, as a double.
  bool number(double& out) const noexcept;

  // The member of an object; null when this is no object or has no such key.
  const Json* find(std::string_view key) const noexcept;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// kInvalid with the byte offset or the key, and what was expected.
Result<Json> parse_json(std::string_view text, std::size_t max_depth = limits::kJsonDepth);

// RFC 8785: keys sorted by UTF-16 code units, no spaces, numbers as ECMAScript prints them.
std::string canonical_json(const Json& value);

}  // namespace bascule
