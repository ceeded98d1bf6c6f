// A tag event: one entry of the history that is only ever added to.
//
// Events form one chain over the whole registry: each holds the hash of the one before it, and its
// own hash is the SHA-256 of that and of the event's canonical JSON. Changing, dropping or
// reordering an old event breaks every hash after it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace bascule {

enum class EventKind : std::uint8_t {
  kSet,       // a tag was pointed at a version by hand
  kPromote,   // ... on the strength of a report
  kRollBack,  // ... back to a version it had pointed at before
  kDelete,    // a tag points at nothing now
  kPolicy,    // the model's policy was replaced; no tag moved
};
// "set", "promote", "roll_back", "delete", "policy"
std::string_view event_kind_name(EventKind kind) noexcept;
std::optional<EventKind> parse_event_kind(std::string_view name) noexcept;

struct TagEvent {
  std::int64_t seq = 0;  // 1, 2, ... over the whole registry, in the order of commits, no gaps
  std::string model;
  std::string tag;            // empty for kPolicy
  std::int64_t revision = 0;  // 1, 2, ... of this tag (of the policy, for kPolicy); never reused
  EventKind kind = EventKind::kSet;
  std::string old_digest;        // of the package, or of the policy's JSON; empty: there was none
  std::string new_digest;        // empty: there is none now
  std::int64_t old_version = 0;  // 7 of v7; 0: none
  std::int64_t new_version = 0;
  std::string actor;      // who
  std::string reason;     // why; may be empty unless forced
  std::string report_id;  // what it was decided on; may be empty
  bool forced = false;    // the gates were overruled
  std::string policy;     // for kPolicy: the new policy's JSON
  TimeUs at = 0;          // later than the event before it, whatever the clock did
  std::string prev_hash;  // 64 hexadecimal digits; zeros for the first event
  std::string hash;
};

// What `event.hash` must be, from the other fields.
std::string event_hash(const TagEvent& event);

// The first prev_hash.
inline constexpr std::string_view kNoHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

// Where a roll-back goes that names no target: the last version that was put behind the tag and
// not taken away again by a roll-back. `history` is all events of one tag, oldest first. Nothing
// when there is no such version: then ask for a target.
//
//   set v1, promote v2, promote v3, roll back (to v2): the next goes to v1, never to v3 again,
//   and not to v2, which is where the tag is. Versions that an explicit target jumped over count
//   as taken away with it: going back never goes forward.
std::optional<std::int64_t> roll_back_target(std::span<const TagEvent> history);

}  // namespace bascule
