// What the routes take out of small JSON bodies; the large ones have decoders of their own.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "api/handler.h"
#include "base/clock.h"
#include "base/result.h"
#include "package/fields.h"
#include "package/json.h"

namespace bascule {

// kUnsupported unless the body says that it is JSON, or says nothing.
Status check_json_type(const HttpRequest& request);

// Whether a media type, or the first one that is accepted, is text/csv.
bool is_csv(std::string_view type) noexcept;

// The body as an object with these keys and no others (see package/fields.h: "reason?" may be
// absent). An empty body is an empty object. kUnsupported for another media type.
Result<Json> body_object(const HttpRequest& request, std::initializer_list<std::string_view> keys);

// A member that may be absent or null: empty, false, nothing then.
bool has_member(const Json& object, std::string_view key);
Result<std::string> optional_text(const Json& object, std::string_view key);
Result<bool> optional_flag(const Json& object, std::string_view key);
Result<std::optional<TimeUs>> optional_time(const Json& object, std::string_view key);
// "reason", at most limits::kReasonBytes.
Result<std::string> reason_of(const Json& object);

}  // namespace bascule
