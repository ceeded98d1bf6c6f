// The OpenAPI 3.1 document of the routes, made from the table that serves them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/route_table.h"

namespace bascule {

// A name is two segments, and OpenAPI has parameters of one: `{name}` becomes `{team}/{model}`.
std::string openapi_document(std::span<const Route> routes, std::string_view version);

}  // namespace bascule
