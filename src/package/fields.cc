#include "package/fields.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <unordered_set>

#include "base/utf8.h"

namespace bascule::fields {
namespace {

constexpr std::int64_t kExactInteger = std::int64_t{1} << 53;

template <typename... Args>
std::unexpected<Error> wrong(std::string_view key, fmt::format_string<Args...> expected,
                             Args&&... args) {
  return fail(Code::kInvalid, "'{}' is not {}", key,
              fmt::format(expected, std::forward<Args>(args)...));
}

// The integer of {"int64":"<digits>"}, which stands only where a JSON number would not be exact.
std::optional<std::int64_t> tagged_integer(const Json& json) {
  const auto* members = json.object();
  if (members == nullptr || members->size() != 1 || members->front().first != "int64") {
    return {};
  }
  const auto* digits = members->front().second.string();
  if (digits == nullptr) {
    return {};
  }
  std::int64_t value = 0;
  const char* last = digits->data() + digits->size();
  const auto end = std::from_chars(digits->data(), last, value);
  if (end.ec != std::errc() || end.ptr != last || fmt::format("{}", value) != *digits) {
    return {};
  }
  if (value >= -kExactInteger && value <= kExactInteger) {
    return {};
  }
  return value;
}

// Different values give different texts, also beyond 2^53.
std::string identity(const Json& value) {
  const auto* integer = value.integer();
  return integer != nullptr ? fmt::format("{}", *integer) : canonical_json(value);
}

}  // namespace

Status check_keys(const Json& json, std::initializer_list<std::string_view> keys) {
  const auto* members = json.object();
  if (members == nullptr) {
    return fail(Code::kInvalid, "is not an object");
  }
  std::size_t known = 0;
  for (auto key : keys) {
    const bool optional = key.ends_with('?');
    if (optional) {
      key.remove_suffix(1);
    }
    const bool present = json.find(key) != nullptr;
    if (!present && !optional) {
      return fail(Code::kInvalid, "key '{}' is missing", key);
    }
    known += present ? 1 : 0;
  }
  if (known == members->size()) {
    return {};
  }
  const auto is_unknown = [&](const auto& member) {
    return std::ranges::none_of(keys, [&](std::string_view key) {
      return key == member.first ||
             (key.ends_with('?') && key.substr(0, key.size() - 1) == member.first);
    });
  };
  return fail(Code::kInvalid, "key '{}' is not known to this format",
              utf8_prefix(std::ranges::find_if(*members, is_unknown)->first, 80));
}

Result<std::string> text(const Json& object, std::string_view key) {
  const auto* value = object.find(key)->string();
  if (value == nullptr) {
    return wrong(key, "a text");
  }
  return *value;
}

Result<std::string> nonempty_text(const Json& object, std::string_view key) {
  const auto* value = object.find(key)->string();
  if (value == nullptr || value->empty()) {
    return wrong(key, "a text of at least one character");
  }
  return *value;
}

Result<bool> boolean(const Json& object, std::string_view key) {
  const auto* value = object.find(key)->boolean();
  if (value == nullptr) {
    return wrong(key, "true or false");
  }
  return *value;
}

Result<std::uint64_t> integer(const Json& object, std::string_view key, std::uint64_t low,
                              std::uint64_t high) {
  const auto* value = object.find(key)->integer();
  if (value == nullptr || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
      static_cast<std::uint64_t>(*value) > high) {
    return wrong(key, "an integer from {} to {}", low, high);
  }
  return static_cast<std::uint64_t>(*value);
}

Result<double> number(const Json& object, std::string_view key, double low, double high) {
  double value = 0;
  if (!object.find(key)->number(value) || value < low || value > high) {
    return wrong(key, "a number from {} to {}", low, high);
  }
  return value;
}

Result<const Json::Array*> list(const Json& object, std::string_view key, std::size_t low,
                                std::size_t high) {
  const auto* value = object.find(key)->array();
  if (value == nullptr || value->size() < low || value->size() > high) {
    return wrong(key, "a list of {} to {} elements", low, high);
  }
  return value;
}

Result<std::vector<double>> numbers(const Json& object, std::string_view key, std::size_t count) {
  const auto* elements = object.find(key)->array();
  std::vector<double> values;
  for (std::size_t i = 0; elements != nullptr && i < elements->size(); ++i) {
    double value = 0;
    if (!(*elements)[i].number(value)) {
      break;
    }
    values.push_back(value);
  }
  if (elements == nullptr || elements->size() != count || values.size() != count ||
      !std::ranges::is_sorted(values)) {
    return wrong(key, "a list of {} ascending numbers", count);
  }
  return values;
}

Result<std::vector<std::string>> nonempty_texts(const Json& object, std::string_view key) {
  const auto* elements = object.find(key)->array();
  if (elements == nullptr || elements->empty()) {
    return wrong(key, "a list of at least one name");
  }
  std::vector<std::string> values;
  for (const auto& element : *elements) {
    const auto* value = element.string();
    if (value == nullptr || value->empty()) {
      return wrong(key, "a list of names");
    }
    values.push_back(*value);
  }
  return values;
}

Result<std::size_t> choice(const Json& object, std::string_view key,
                           std::span<const std::string_view> choices) {
  const auto* value = object.find(key)->string();
  const auto found = value == nullptr ? choices.end() : std::ranges::find(choices, *value);
  if (found == choices.end()) {
    return wrong(key, "one of {}", fmt::join(choices, ", "));
  }
  return static_cast<std::size_t>(found - choices.begin());
}

Result<const Json*> object(const Json& object, std::string_view key) {
  const auto* value = object.find(key);
  if (value->object() == nullptr) {
    return wrong(key, "an object");
  }
  return value;
}

Result<Json> scalar(const Json& json) {
  double number = 0;
  if (json.string() != nullptr || json.boolean() != nullptr || json.number(number)) {
    return json;
  }
  if (const auto tagged = tagged_integer(json)) {
    return Json(*tagged);
  }
  return fail(Code::kInvalid,
              R"(is not a text, boolean, number, or {{"int64":"..."}} of an integer beyond 2^53)");
}

Result<std::vector<Json>> distinct_scalars(const Json& object, std::string_view key,
                                           std::size_t low, std::size_t high) {
  BASCULE_TRY(const auto* elements, list(object, key, low, high));
  std::vector<Json> values;
  std::unordered_set<std::string> seen;
  for (const auto& element : *elements) {
    auto value = scalar(element);
    if (!value) {
      return prefixed(fmt::format("{}[{}]", key, values.size()), value.error());
    }
    if (!seen.insert(identity(*value)).second) {
      return fail(Code::kInvalid, "'{}' holds {} twice", key,
                  utf8_prefix(canonical_json(element), 80));
    }
    values.push_back(*std::move(value));
  }
  return values;
}

}  // namespace bascule::fields
