// CityHash64 of some bytes, in its first version (1.0, 2011): later ones give other numbers.
#pragma once

#include <cstdint>
#include <string_view>

namespace bascule {

std::uint64_t city_hash_64(std::string_view bytes) noexcept;

}  // namespace bascule
