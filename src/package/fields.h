// Fields: how the manifest's readers take values out of a JSON object.
//
// Every function checks the type and the range, and answers with a sentence that names the key.
// `object` has the key: `check_keys` was called before. The callers put the place in front.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "package/json.h"

namespace bascule::fields {

// `json` is an object with exactly these keys; one that ends in '?' may be absent.
Status check_keys(const Json& json, std::initializer_list<std::string_view> keys);

Result<std::string> text(const Json& object, std::string_view key);
Result<std::string> nonempty_text(const Json& object, std::string_view key);
Result<bool> boolean(const Json& object, std::string_view key);
Result<std::uint64_t> integer(const Json& object, std::string_view key, std::uint64_t low,
                              std::uint64_t high);
Result<double> number(const Json& object, std::string_view key, double low, double high);
Result<const Json::Array*> list(const Json& object, std::string_view key, std::size_t low,
                                std::size_t high);
Result<std::vector<double>> numbers(const Json& object, std::string_view key, std::size_t count);
Result<std::vector<std::string>> nonempty_texts(const Json& object, std::string_view key);
// The position among `choices`.
Result<std::size_t> choice(const Json& object, std::string_view key,
                           std::span<const std::string_view> choices);
Result<const Json*> object(const Json& object, std::string_view key);

// A value as Python had it: text, boolean, number, or {"int64":"..."} beyond 2^53.
Result<Json> scalar(const Json& json);
// A list of different scalars.
Result<std::vector<Json>> distinct_scalars(const Json& object, std::string_view key,
                                           std::size_t low, std::size_t high);

}  // namespace bascule::fields
