// The manifest's `inputs`: the columns a model is asked with.

#include <array>
#include <unordered_set>

#include "base/limits.h"
#include "base/utf8.h"
#include "package/fields.h"
#include "package/manifest_parts.h"

namespace bascule {
namespace {

constexpr std::size_t kQuantiles = 21;  // 0 %, 5 %, ..., 100 %
constexpr std::size_t kCategories = 1'048'576;

// What is there for people must be what it says, or be left out.
Status check_details(const Json& json) {
  if (json.find("missing") != nullptr) {
    constexpr std::array<std::string_view, 4> kMissing{"nan", "none", "na", "absent"};
    BASCULE_CHECK_OK(fields::choice(json, "missing", kMissing));
  }
  if (json.find("categories") != nullptr) {
    BASCULE_CHECK_OK(fields::distinct_scalars(json, "categories", 0, kCategories));
  }
  if (json.find("unknown") != nullptr) {
    BASCULE_CHECK_OK(fields::nonempty_text(json, "unknown"));
  }
  if (json.find("range") != nullptr) {
    BASCULE_CHECK_OK(fields::numbers(json, "range", 2));
  }
  if (json.find("quantiles") != nullptr) {
    BASCULE_CHECK_OK(fields::numbers(json, "quantiles", kQuantiles));
  }
  if (json.find("missing_rate") != nullptr) {
    BASCULE_CHECK_OK(fields::number(json, "missing_rate", 0, 1));
  }
  return {};
}

Result<InputColumn> read_input(const Json& json) {
  BASCULE_CHECK_OK(
      fields::check_keys(json, {"name", "type", "nullable", "optional", "missing?", "categories?",
                                "unknown?", "range?", "quantiles?", "missing_rate?"}));
  InputColumn column;
  BASCULE_TRY(column.name, fields::nonempty_text(json, "name"));
  BASCULE_TRY(const auto type, fields::text(json, "type"));
  BASCULE_TRY(column.type, parse_column_type(type));
  BASCULE_TRY(column.nullable, fields::boolean(json, "nullable"));
  BASCULE_TRY(column.optional, fields::boolean(json, "optional"));
  if (column.optional && !column.nullable) {
    return fail(Code::kInvalid, "is optional but not nullable; an absent column is null");
  }
  BASCULE_CHECK_OK(check_details(json));
  column.details = json;
  return column;
}

}  // namespace

Status read_inputs(const Json& json, Manifest& manifest) {
  BASCULE_TRY(const auto* entries, fields::list(json, "inputs", 1, limits::kInputs));
  std::unordered_set<std::string> names;
  for (const auto& entry : *entries) {
    auto column = read_input(entry);
    const auto place = element_place("inputs", manifest.inputs.size());
    if (!column) {
      return prefixed(place, std::move(column.error()));
    }
    if (!names.insert(column->name).second) {
      return fail(Code::kInvalid, "{}: the name '{}' stands twice", place,
                  utf8_prefix(column->name, 80));
    }
    manifest.inputs.push_back(*std::move(column));
  }
  return {};
}

}  // namespace bascule
