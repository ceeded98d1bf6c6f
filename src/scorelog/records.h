// The records of the score log: what was asked, scored, decided and, later, labelled.
//
// One idea: a column that is not written today cannot be reconstructed. Propensity, entity, key,
// segments and amount are therefore here from the first release, though a first report needs few.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/sha256.h"

namespace bascule {

using Segments = std::vector<std::pair<std::string, std::string>>;  // name, value

// Where an action came from: the side of the policy's threshold, or a client's decision.
enum class ActionSource : std::uint8_t { kDerived, kReported };
std::string_view action_source_name(ActionSource source) noexcept;  // "derived", "reported"

// A score's cell in the sketches of reports, filled from evaluate/bins.h; absent when the score is
// not a probability.
struct ScoreBin {
  std::int32_t bin = 0;            // 0 to 1023, uniform in logit
  std::int64_t log_loss_if_1 = 0;  // -ln(p) and -ln(1 - p), in units of 2^-32
  std::int64_t log_loss_if_0 = 0;
  bool operator==(const ScoreBin&) const = default;
};

// One row that production answered.
struct ScoreRecord {
  std::string event_id;              // UUID v7, made by the server
  std::uint32_t row = 0;             // position in its request
  std::string client_id;             // the envelope's `id`; empty: none
  std::int64_t revision = 1;         // the n-th different row under this key
  TimeUs at = 0;                     // when it was answered
  std::optional<TimeUs> event_time;  // the envelope's `time`: when it happened
  std::string app;                   // the actor that asked; empty: not known
  std::string model;
  std::string tag;
  std::int64_t tag_revision = 0;
  std::int64_t version = 0;           // 7 of v7
  std::string digest;                 // "sha256:..." of the package that answered
  std::string key;                    // labels join on it; empty: none, and no label can
  std::optional<Digest> entity_hash;  // see scorelog/entity.h, which fills this and `group`
  std::uint8_t group = 0;             // jackknife group, 0 to 63
  Segments segments;
  std::optional<double> score;  // absent: this kind has none, or the row failed
  std::optional<ScoreBin> bin;
  std::string outputs;  // JSON object of the outputs; empty: none
  std::int64_t latency_us = 0;
  std::string status = "ok";  // or the code of a bad row: "missing", "wrong_type", ...
  std::string policy_id;      // digest of the policy's JSON
  std::int64_t policy_version = 0;
  std::optional<double> threshold;
  std::string action;     // empty: the policy has no threshold and nobody decided
  double propensity = 1;  // of that action, in (0, 1]
  bool explored = false;  // the action was drawn against the policy on purpose
  ActionSource action_source = ActionSource::kDerived;
  std::optional<double> amount;
  double log_sampling = 1;    // the chance that this row was logged, in (0, 1]
  std::string features;       // JSON object of the union of columns, for replay; empty: not kept
  std::string schema_digest;  // of the union of columns
  Digest row_hash{};
};

enum class ShadowStatus : std::uint8_t {
  kOk,
  kMissingFeature,  // callers do not send a column that the candidate needs
  kError,           // the candidate refused the row
  kTimeout,
  kDropped,  // the queue was full: production never waits
};
// "ok", "missing_feature", "error", "timeout", "dropped"
std::string_view shadow_status_name(ShadowStatus status) noexcept;

// The same row, scored by a candidate off the path of the request.
struct ShadowRecord {
  std::string event_id;  // with `row`: the score it stands beside
  std::uint32_t row = 0;
  std::string tag;  // "candidate/wider-trees"
  std::int64_t version = 0;
  std::string digest;
  std::optional<double> score;  // absent unless kOk
  std::optional<ScoreBin> bin;
  std::string outputs;  // JSON object; empty: none
  std::int64_t latency_us = 0;
  std::int64_t queue_us = 0;
  ShadowStatus status = ShadowStatus::kOk;
  double shadow_sampling = 1;  // the chance that this row was shadowed, in (0, 1]
};

// A number (0 and 1 for yes/no), or the text of a class.
using LabelValue = std::variant<double, std::string>;

// What turned out to be true. Never changed: a later label replaces it, a reversal takes it back.
struct LabelRecord {
  std::string model;
  std::string key;
  LabelValue value = 0.0;
  std::optional<double> amount;
  std::string source;  // "chargeback", "review"; empty: not said
  std::optional<TimeUs> observed_at;
  TimeUs arrived_at = 0;
  bool reverses = false;  // takes back the newest label of this key with this value
  // Given by the log: the order of arrival, and the label that this one replaces or takes back.
  std::int64_t seq = 0;
  std::optional<std::int64_t> supersedes;
};

// What the application did about a key; overrides the action that the threshold implied.
struct DecisionRecord {
  std::string model;
  std::string key;
  std::string action;
  double propensity = 1;  // of that action, in (0, 1]
  bool explored = false;
  TimeUs at = 0;
};

}  // namespace bascule
