#include "package/model_name.h"

#include <algorithm>

#include "base/limits.h"

namespace bascule {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_inner(char c) {
  return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
}

}  // namespace

bool is_segment(std::string_view text) noexcept {
  return !text.empty() && text.size() <= limits::kSegmentBytes && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, is_inner) &&
         text.find("..") == text.npos;
}

bool is_model_name(std::string_view text) noexcept {
  const auto slash = text.find('/');
  return slash != text.npos && is_segment(text.substr(0, slash)) &&
         is_segment(text.substr(slash + 1));
}

}  // namespace bascule
