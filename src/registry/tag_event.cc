#include "registry/tag_event.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/sha256.h"

namespace bascule {
namespace {
constexpr std::array<std::pair<EventKind, std::string_view>, 5> kKinds{{
    {EventKind::kSet, "set"},
    {EventKind::kPromote, "promote"},
    {EventKind::kRollBack, "roll_back"},
    {EventKind::kDelete, "delete"},
    {EventKind::kPolicy, "policy"},
}};

// The event without its hashes, as RFC 8785 has it: keys in order, no spaces.
std::string canonical_event(const TagEvent& event) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("actor").string(event.actor);
    json.key("at").integer(event.at);
    json.key("forced").boolean(event.forced);
    json.key("kind").string(event_kind_name(event.kind));
    json.key("model").string(event.model);
    json.key("new_digest").string(event.new_digest);
    json.key("new_version").integer(event.new_version);
    json.key("old_digest").string(event.old_digest);
    json.key("old_version").integer(event.old_version);
    json.key("policy").string(event.policy);
    json.key("reason").string(event.reason);
    json.key("report_id").string(event.report_id);
    json.key("revision").integer(event.revision);
    json.key("seq").integer(event.seq);
    json.key("tag").string(event.tag);
  });
  return out;
}
}  // namespace

std::string_view event_kind_name(EventKind kind) noexcept {
  const auto* found =
      std::ranges::find(kKinds, kind, &std::pair<EventKind, std::string_view>::first);
  BASCULE_ASSERT(found != kKinds.end());
  return found->second;
}

std::optional<EventKind> parse_event_kind(std::string_view name) noexcept {
  const auto* found =
      std::ranges::find(kKinds, name, &std::pair<EventKind, std::string_view>::second);
  return found == kKinds.end() ? std::nullopt : std::optional(found->first);
}

std::string event_hash(const TagEvent& event) {
  return to_hex(sha256(event.prev_hash + canonical_event(event)));
}

// A stack: what was put behind the tag and still stands, the version behind it now on top.
std::optional<std::int64_t> roll_back_target(std::span<const TagEvent> history) {
  std::vector<std::int64_t> standing;
  std::vector<std::int64_t> taken_away;
  std::int64_t current = 0;
  for (const TagEvent& event : history) {
    switch (event.kind) {
      case EventKind::kSet:
      case EventKind::kPromote:
        std::erase(taken_away, event.new_version);  // it was put back on its merits
        standing.push_back(event.new_version);
        break;
      case EventKind::kRollBack: {
        const auto target = std::find(standing.rbegin(), standing.rend(), event.new_version);
        if (target == standing.rend()) {
          // It does not stand: it was taken away before, and somebody wants it back by name.
          std::erase(taken_away, event.new_version);
          std::erase(standing, event.old_version);
          standing.push_back(event.new_version);
        } else {
          taken_away.insert(taken_away.end(), standing.rbegin(), target);
          standing.erase(target.base(), standing.end());
        }
        taken_away.push_back(event.old_version);
        break;
      }
      case EventKind::kDelete:
        break;
      case EventKind::kPolicy:
        continue;
    }
    current = event.new_version;
  }
  const auto target = std::find_if(standing.rbegin(), standing.rend(), [&](std::int64_t version) {
    return version != current && std::ranges::find(taken_away, version) == taken_away.end();
  });
  return target == standing.rend() ? std::nullopt : std::optional(*target);
}

}  // namespace bascule
