// The OpenAPI 3.1 document of one live version: its columns and outputs, typed.
#pragma once

#include <string>
#include <string_view>

#include "serving/live.h"

namespace bascule {

// `service` is the version of this program. What is in `components` can be used alone as JSON
// Schema 2020-12.
std::string model_openapi(const LiveSet& set, const LiveTag& tag, std::string_view service);

}  // namespace bascule
