// Entities: who a row belongs to (a card, a merchant), kept as a keyed hash and never in clear.
//
// Rows of one entity share a group, so that a jackknife over groups sees a fraud ring as one draw
// and not as fifteen. The hash is frozen: logs of different years must agree.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/sha256.h"
#include "scorelog/records.h"

namespace bascule {

// HMAC-SHA-256 of the UTF-8 entity under the model's salt.
Digest hash_entity(std::string_view salt, std::string_view entity) noexcept;

// The first byte, modulo limits::kReportGroups.
std::uint8_t group_of(const Digest& hash) noexcept;

// Fills entity_hash and group. A row of no known entity (empty) has no hash and stands for itself:
// its group comes from its key, or from its event_id when it has no key.
void set_entity(ScoreRecord& record, std::string_view salt, std::string_view entity) noexcept;

}  // namespace bascule
