// What every backend refuses before it stores anything: the rules of catalog.h that need no table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/catalog.h"

namespace bascule {

// Each is kInvalid, or kTooLarge beyond a limit.
Status check_model_spec(const ModelSpec& spec);
Status check_new_version(const NewVersion& pushed);
Status check_tag_change(const TagChange& change);
Status check_new_report(const NewReport& report);
Status check_new_token(const NewToken& token);
Status check_serving_state(const ServingState& state);
Status check_page(std::size_t limit);
// UTF-8, not empty, at most limits::kActorBytes.
Status check_actor(std::string_view what, std::string_view actor);
Status check_reason(std::string_view reason);

// The JSON object as RFC 8785 writes it, so that the same document has the same digest.
Result<std::string> canonical_object(std::string_view what, std::string_view json);

// What a report's id is the SHA-256 of.
std::string report_id(const NewReport& report);

}  // namespace bascule
