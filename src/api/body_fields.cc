#include "api/body_fields.h"

#include <algorithm>

#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::string_view kJsonSuffix = "+json";

}  // namespace

bool is_csv(std::string_view type) noexcept {
  return same_token(type.substr(0, 8), "text/csv");
}

Status check_json_type(const HttpRequest& request) {
  auto type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  // `curl -d` says that it sends a form. A browser's form comes with an Origin, which auth.cc
  // checks.
  const auto suffix = type.substr(type.size() - std::min(type.size(), kJsonSuffix.size()));
  if (type.empty() || same_token(type, "application/json") || same_token(suffix, kJsonSuffix) ||
      same_token(type, "application/x-www-form-urlencoded")) {
    return {};
  }
  return fail(Code::kUnsupported, "the body is announced as {}; send application/json", type);
}

Result<Json> body_object(const HttpRequest& request, std::initializer_list<std::string_view> keys) {
  BASCULE_CHECK_OK(check_json_type(request));
  Json body{Json::Object{}};
  if (!request.body.empty()) {
    BASCULE_TRY(body, parse_json(request.body));
  }
  BASCULE_CHECK_OK(fields::check_keys(body, keys));
  return body;
}

bool has_member(const Json& object, std::string_view key) {
  const Json* member = object.find(key);
  return member != nullptr && !member->is_null();
}

Result<std::string> optional_text(const Json& object, std::string_view key) {
  if (!has_member(object, key)) {
    return std::string();
  }
  return fields::text(object, key);
}

Result<bool> optional_flag(const Json& object, std::string_view key) {
  if (!has_member(object, key)) {
    return false;
  }
  return fields::boolean(object, key);
}

Result<std::optional<TimeUs>> optional_time(const Json& object, std::string_view key) {
  if (!has_member(object, key)) {
    return std::optional<TimeUs>();
  }
  BASCULE_TRY(const auto text, fields::text(object, key));
  BASCULE_TRY(const auto time, parse_time(text));
  return std::optional(time);
}

Result<std::string> reason_of(const Json& object) {
  BASCULE_TRY(auto reason, optional_text(object, "reason"));
  if (reason.size() > limits::kReasonBytes) {
    return fail(Code::kTooLarge, "reason has {} bytes; at most {} are taken", reason.size(),
                limits::kReasonBytes);
  }
  return reason;
}

}  // namespace bascule
