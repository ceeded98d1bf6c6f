#include "scorelog/entity.h"

#include "base/limits.h"

namespace bascule {

Digest hash_entity(std::string_view salt, std::string_view entity) noexcept {
  return hmac_sha256(salt, entity);
}

std::uint8_t group_of(const Digest& hash) noexcept {
  return static_cast<std::uint8_t>(static_cast<std::size_t>(hash[0]) % limits::kReportGroups);
}

void set_entity(ScoreRecord& record, std::string_view salt, std::string_view entity) noexcept {
  if (entity.empty()) {
    record.entity_hash.reset();
    const std::string& own = record.key.empty() ? record.event_id : record.key;
    record.group = group_of(sha256(own));
    return;
  }
  record.entity_hash = hash_entity(salt, entity);
  record.group = group_of(*record.entity_hash);
}

}  // namespace bascule
