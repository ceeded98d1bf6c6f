// The name of a model: two segments and a slash, e.g. "fraud/charge". DESIGN section 6.
#pragma once

#include <string_view>

namespace bascule {

// [a-z0-9]([a-z0-9._-]*[a-z0-9])?, at most limits::kSegmentBytes long, without "..".
bool is_segment(std::string_view text) noexcept;
// segment "/" segment
bool is_model_name(std::string_view text) noexcept;

}  // namespace bascule
