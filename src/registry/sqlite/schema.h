// The tables of the embedded catalog, one text per schema version.
#pragma once

#include <span>
#include <string_view>

namespace bascule {
// For sqlite::Database::migrate. A text that was released is never edited: the next version is a
// new text behind it.
std::span<const std::string_view> registry_migrations();
}  // namespace bascule
